"""One folder for each channel; docs/tasks/add-a-channel.md"""
