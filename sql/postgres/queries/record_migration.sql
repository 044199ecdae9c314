INSERT INTO control.migration (name, checksum) VALUES (%(name)s, %(checksum)s);
