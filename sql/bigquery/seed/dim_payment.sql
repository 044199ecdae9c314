-- The contract's means of payment. A number once given stays: facts carry it.
MERGE `{gold}.dim_payment` AS target
USING (
  SELECT payment_key, payment_type, payment_name
  FROM UNNEST([
    STRUCT(0 AS payment_key, 'unknown' AS payment_type, 'Unknown' AS payment_name),
    STRUCT(1, 'cash', 'Cash'),
    STRUCT(2, 'credit_card', 'Credit card'),
    STRUCT(3, 'mobile_app', 'Mobile app'),
    STRUCT(4, 'no_payment', 'No payment'),
    STRUCT(5, 'account_number', 'Account'),
    STRUCT(6, 'paratransit', 'Paratransit'),
    STRUCT(7, 'phone', 'Phone'),
    STRUCT(8, 'voucher', 'Voucher'),
    STRUCT(9, 'test', 'Test'),
    STRUCT(10, 'disputed', 'Disputed'),
    STRUCT(11, 'prepaid_card', 'Prepaid card')
  ])
) AS source
ON target.payment_key = source.payment_key
WHEN MATCHED THEN
  UPDATE SET payment_type = source.payment_type, payment_name = source.payment_name
WHEN NOT MATCHED BY TARGET THEN
  INSERT (payment_key, payment_type, payment_name)
  VALUES (source.payment_key, source.payment_type, source.payment_name)
WHEN NOT MATCHED BY SOURCE THEN
  DELETE;
