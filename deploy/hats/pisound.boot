dtoverlay=pisound
