-- Open records whose key stands in the table in a later row: later is what load/delete_stale says. A held
-- file is as late as the last duplicate of it. Gone with the connection.
create temp table mp_superseded as
select
    mp_set_apart.file_id,
    mp_set_apart.record_number,
    mp_set_apart.rules
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
left join mp_resolutions
    on mp_set_apart.file_id = mp_resolutions.file_id
    and mp_set_apart.record_number = mp_resolutions.record_number
left join mp_gone
    on mp_set_apart.file_id = mp_gone.file_id
where mp_resolutions.file_id is null
    and mp_gone.file_id is null
    and apart.row_count > 0
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
