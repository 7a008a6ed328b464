"""Taking a vnpy.alpha model over: what its numbers become here, why, and whether its predictions stay."""
