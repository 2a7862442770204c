name=@NAME@
# git starts a hook by a path with a slash in it.
here=${0%/*}
