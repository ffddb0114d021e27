-- On a server the provisioner has made it, as superuser: the extension is not a trusted one. PGlite makes it here.
CREATE EXTENSION IF NOT EXISTS vector;
