"""The page of who goes where: posts, patches, patrols."""
