SELECT kafka_partition, next_offset FROM raw.consumer_offset WHERE topic = %(topic)s;
