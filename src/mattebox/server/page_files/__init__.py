"""Files of the web page: served by the server, or written to a folder for any other web server."""
