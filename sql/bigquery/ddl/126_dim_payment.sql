CREATE TABLE IF NOT EXISTS `{gold}.dim_payment` (
  payment_key INT64 NOT NULL OPTIONS (description = 'Number of the means of payment; 0 is the unknown one.'),
  payment_type STRING NOT NULL OPTIONS (description = 'Means of payment as the contract calls it (MDS).'),
  payment_name STRING NOT NULL OPTIONS (description = 'Means of payment, to read.')
)
OPTIONS (description = 'One row per means of payment of the contract.');
