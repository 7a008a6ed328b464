"""Bars from elsewhere: files under other names, vnpy.alpha's folders, Qlib's binary format."""
