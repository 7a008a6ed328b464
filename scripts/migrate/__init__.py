"""Taking a vnpy.alpha model over, from the command line: what is asked for, what is compared, what comes of it."""
