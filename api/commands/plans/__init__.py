"""`patchmap plan …`: the commands of boundary plans."""
