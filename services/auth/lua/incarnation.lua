-- Which run of which server this is: after a restart or a failover it is another one.
-- Reply: {now (ms), text}
local server, replication = redis.call('INFO', 'server'), redis.call('INFO', 'replication')
return { now_ms, server:match('run_id:(%x+)') .. ':' .. replication:match('master_replid:(%x+)') }
