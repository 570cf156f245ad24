"""The form that subscribes on other sites: sent from a snippet of theirs, or in a frame of ours."""
