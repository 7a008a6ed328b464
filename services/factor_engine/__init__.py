"""The factor engine: sections of bars become sections of factors, by the one engine of research and live."""
