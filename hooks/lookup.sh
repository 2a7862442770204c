# The hook that git would run if this worktree's own configuration did not name this directory.
# Relative paths are relative to where git runs hooks, which is here (githooks(5)).
if [ ! -x "$chained" ]; then
	before=$(git config --worktree --type=path --get ap.hooksPath 2>/dev/null) || before=
	[ -n "$before" ] || before=$(
		git config --show-scope --type=path --get-all core.hooksPath |
			sed -n -e '/^worktree/d' -e '/^command/d' -e 's/^[a-z]*[[:blank:]]//p' |
			tail -n 1
	)
	[ -n "$before" ] || before=$(git rev-parse --git-common-dir)/hooks
	chained=$before/$name
	second=
	[ ! -f "$chained" ] || { read -r first && read -r second; } <"$chained"
	case $second in '# git-ap hook '*) chained=$chained.before-git-ap ;; esac
fi
