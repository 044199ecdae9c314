CREATE DATABASE {database} OWNER {warehouse}
