"""``ddsp-edge compare``: one tune or recording on several kinds of instrument, on one page."""
