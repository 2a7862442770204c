# The hook that was here before, beside this one.
chained=$here/$name.before-git-ap
