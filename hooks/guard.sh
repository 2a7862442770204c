name=@NAME@
program=@PROGRAM@
# git starts a hook by a path with a slash in it.
here=${0%/*}

if [ ! -f "$program" ] || [ ! -x "$program" ]; then
	program=$(command -v git-ap) || program=
fi
[ -z "$program" ] || exec "$program" hook run "$name" "$@"

# Without the program nobody can say what belongs to an objective; elsewhere nothing is lost.
if [ -e "$(git rev-parse --git-dir)/ap-objective" ]; then
	echo "git ap: this worktree belongs to an objective, and git-ap, which guards it, is not found: put git-ap on PATH" >&2
	exit 1
fi
