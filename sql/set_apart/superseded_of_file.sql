-- Of some records of a file: which later row of the table has their key, as set_apart/create_superseded
-- tells it.
select
    mp_set_apart.record_number,
    {table}.file_id as by_file_id,
    later.object_key as by_object_key,
    {table}.record_number as by_record_number,
    {table}.loaded_at
from mp_set_apart
inner join (
    select
        mp_load_ledger.file_id,
        mp_load_ledger.rows_quarantined + mp_load_ledger.rows_held as row_count,
        greatest(
            least(mp_load_ledger.file_version, mp_load_ledger.committed_at),
            coalesce(again.version, least(mp_load_ledger.file_version, mp_load_ledger.committed_at))
        ) as version
    from mp_load_ledger
    left join (
        select
            content_sha256,
            max(least(file_version, committed_at)) as version
        from mp_load_ledger
        where state = 'DUPLICATE'
        group by content_sha256
    ) as again
        on mp_load_ledger.content_sha256 = again.content_sha256
        and mp_load_ledger.state = 'HELD'
) as apart
    on mp_set_apart.file_id = apart.file_id
inner join {table}
    on mp_set_apart.{key} = {table}.{key}
left join mp_load_ledger as later
    on {table}.file_id = later.file_id
where mp_set_apart.file_id = :file_id
    and mp_set_apart.record_number between :first_number and :last_number
    and (
        apart.version < least({table}.file_version, {table}.loaded_at)
        or (
            apart.version = least({table}.file_version, {table}.loaded_at)
            and apart.file_id < {table}.file_id
        )
        or (
            apart.version = least({table}.file_version, {table}.loaded_at)
            and apart.file_id = {table}.file_id
            and mp_set_apart.record_number < {table}.record_number
        )
    )
order by mp_set_apart.record_number
