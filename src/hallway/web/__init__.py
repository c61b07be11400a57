"""The HTTP edge: parse, call one service function, render. No rules here."""
