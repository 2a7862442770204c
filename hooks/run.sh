if [ -f "$chained" ] && [ -x "$chained" ]; then
	exec "$chained" "$@"
fi
exit 0
