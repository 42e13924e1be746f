"""The texts of posts, as Jinja2 templates; a package so that they travel in the wheel."""
