"""A scene in a page: packed arrays, and the script that unpacks and draws them."""
