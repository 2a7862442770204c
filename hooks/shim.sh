#!/bin/sh
# git ap: made by `git ap hook install`, taken away by `git ap hook uninstall`.
# Holds a commit or push to the scope of the objective whose worktree this is, then runs the
# hook that was here before.
program=@PROGRAM@
[ -x "$program" ] || program=$(command -v git-ap)
if [ -n "$program" ]; then
	exec "$program" hook run @NAME@ -- "$@"
fi

# Without the program, nobody can say whether a change is in scope.
if [ -e "$(git rev-parse --git-dir)/ap-objective" ]; then
	echo "git ap: the program git-ap is missing, and this is the worktree of an objective:" >&2
	echo "git ap: install it, or commit with --no-verify (the merge checks every commit again)" >&2
	exit 1
fi
before=$0.before-git-ap
if [ ! -x "$before" ]; then
	# The directory that the configuration names beside ours, which comes last.
	directory=$(git config --path --get-all core.hooksPath | sed '$d' | tail -n 1)
	[ -n "$directory" ] || exit 0
	before=$directory/@NAME@
fi
[ ! -x "$before" ] || exec "$before" "$@"
