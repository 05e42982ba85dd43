-- Its own transaction: inside the load's it would not see the load's rows. Only the owner may.
refresh materialized view :view
