"""The desk: pages for staff, and the server of the web chat."""
