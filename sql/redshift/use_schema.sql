-- Where unqualified names are looked up from here on: the dataset's own tables, ledger included.
set search_path to :schema
