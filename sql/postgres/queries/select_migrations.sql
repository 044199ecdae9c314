SELECT name, checksum FROM control.migration;
