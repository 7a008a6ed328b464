"""What the processes and the research side share. It never imports `services`."""
