-- Sent alone and first: a lock takes no snapshot, so all that follows sees what earlier writers committed.
lock table mp_writer_lock
