"""What statements would destroy: a table that a DBA can review."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardsh.commands import sql
from guardsh.commands.psql_text import statements
from guardsh.model.intent import Effect

LOST, CHANGED, PROMOTED = Effect.SQL, Effect.CONFIGURE, Effect.PROMOTE

# Rows, or what keeps WAL for a standby, are gone: it asks on a primary.
GONE = [
    ("drop database shop", "run drop database shop"),
    ("DROP DATABASE IF EXISTS shop WITH (FORCE)", "run DROP DATABASE IF EXISTS shop WITH (FORCE)"),
    ("drop table orders", "run drop table orders"),
    ("drop table if exists a, b cascade", "run drop table if exists a, b cascade"),
    ("drop schema public cascade", "run drop schema public cascade"),
    ("drop owned by app", "run drop owned by app"),
    ("truncate orders", "run truncate orders"),
    ("TRUNCATE TABLE ONLY a, b RESTART IDENTITY CASCADE", "run TRUNCATE TABLE ONLY a, b RESTART IDENTITY CASCADE"),
    ("truncate pg_temp.a, orders", "run truncate pg_temp.a, orders"),
    ("delete from orders", "delete every row of orders"),
    ("DELETE FROM ONLY public.orders AS o", "delete every row of ONLY public.orders AS o"),
    ('delete from "Orders" returning id', 'delete every row of "Orders"'),
    ("delete from orders using customers", "delete every row of orders"),
    ("delete from orders where true", "delete every row of orders"),
    ("delete from orders where 1=1", "delete every row of orders"),
    ("delete from orders where 1 = 1 and true", "delete every row of orders"),
    ("delete from orders where id = 3 or 1=1", "delete every row of orders"),
    ("delete from orders where 'a' = 'a'", "delete every row of orders"),
    ("delete from orders where not false", "delete every row of orders"),
    ("dElEtE/* all */FROM--x\norders", "delete every row of orders"),
    ("update orders set paid = true", "update every row of orders"),
    ("update only orders o set paid = true from customers c", "update every row of ONLY orders AS o"),
    ("update orders set paid = true where 2 > 1", "update every row of orders"),
    ("update orders set (a, b) = (select 1, 2)", "update every row of orders"),
    ("update orders set paid = (select true where false)", "update every row of orders"),
    ("with gone as (delete from orders returning *) select count(*) from gone", "delete every row of orders"),
    ("with x as (select 1) update orders set paid = true", "update every row of orders"),
    ("insert into old with d as (delete from orders returning *) select * from d", "delete every row of orders"),
    ("explain analyze delete from orders", "delete every row of orders"),
    ("EXPLAIN (ANALYZE, BUFFERS) UPDATE orders SET paid = true", "update every row of orders"),
    ("explain analyse verbose delete from orders", "delete every row of orders"),
    ("explain (analyze on) truncate orders", "run truncate orders"),
    ("prepare gone as delete from orders", "delete every row of orders"),
    ("prepare gone(int, text) as delete from orders", "delete every row of orders"),
    ("copy (delete from orders returning *) to stdout", "delete every row of orders"),
    ("select pg_drop_replication_slot('db_02')", "call pg_drop_replication_slot('db_02')"),
    ("select pg_catalog.pg_drop_replication_slot('db_02')", "call pg_drop_replication_slot('db_02')"),
    (
        "select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active",
        "call pg_drop_replication_slot(slot_name)",
    ),
    ("select * from drop_chunks('metrics', interval '1 day')", None),
    ("select pg_file_unlink('global/pg_control')", "call pg_file_unlink('global/pg_control')"),
    ("do $$ begin delete from orders; end $$", "run do '…'"),
    ("DO language plpgsql 'begin execute ''drop table '' || x; end'", "run DO language plpgsql '…'"),
    ("do $f$ begin perform pg_promote(); end $f$", "run do '…'"),
    ("select dblink_exec('host=db-02', 'delete from orders')", "run select dblink_exec('…', '…')"),
    ("delete from orders where current of cursor_1", "run delete from orders where current of cursor_1"),
    ("delete from orders where ((", "run delete from orders where (("),
    ("drop :kind orders", "run drop :kind orders"),
]

# What can be made again, or is said once: a notice.
MADE_AGAIN = r"""
drop index orders_pkey
drop view v
drop function f(int)
drop role app
drop user app
drop tablespace t
drop extension postgis cascade
drop type mood cascade
drop subscription s
drop materialized view m
alter table orders drop column paid
ALTER TABLE ONLY orders DROP paid CASCADE
alter system set archive_mode = off
alter system reset all
select pg_terminate_backend(pid) from pg_stat_activity
select pg_switch_wal()
select pg_wal_replay_pause()
copy orders to '/tmp/orders.csv' csv
copy orders to program 'gzip > /tmp/orders.gz'
copy orders from program 'cat /etc/passwd'
copy (select 1) to '/tmp/one'
select lo_export(42, '/tmp/blob')
select pg_replication_slot_advance('db_02', '0/3000000')
""".strip().splitlines()

HARMLESS = r"""
select 1
select * from orders where id = 3
table orders
values (1)
show all
-- drop table orders
/* delete from orders; /* nested */ still */ select 1
select 1 -- ; drop table orders
select 'drop table orders; delete from orders'
select E'\'; drop table orders; --'
select '''; drop table x'
select $$; drop table orders; $$
select $q$ $$; delete from orders; $q$
select "drop table" from t
insert into log values ('truncate orders')
select * from orders where note like '%delete from%'
delete from orders where id = 3
delete from orders where id = :id
delete from orders where id = $1
delete from orders o using gone g where o.id = g.id
delete from orders where exists (select from gone)
delete from orders where false
delete from orders where created < now() - interval '30 days'
delete from orders where id in (select id from gone) and 1=1
delete from orders where data @> '{"a": 1}'::jsonb
update orders set paid = true where id = 3
update orders set paid = true where id = any($1) returning id
insert into orders values (1) on conflict (id) do update set paid = excluded.paid
select * from orders for update
select * from orders for no key update skip locked
lock table orders
merge into a using b on a.id = b.id when matched then delete
explain delete from orders
explain (analyze false) delete from orders
explain verbose update orders set a = 1
explain (costs off) delete from orders
explain select * from orders for update
create table orders (id int)
create index concurrently on orders (id)
create role app
create database shop
create function f() returns void language sql as $$ delete from orders $$
create or replace procedure p() language plpgsql as $$ begin truncate orders; end $$
create function f() returns void begin atomic delete from orders; delete from items; end; select 1
create function f() returns int begin atomic select case when true then 1 end; delete from o; end; select 1
create rule r as on delete to orders do instead (delete from items; update stock set n = n + 1)
create trigger t after delete or update or truncate on orders execute function f()
alter table orders add column paid bool
alter table orders drop constraint c
alter table orders rename to old
alter table orders alter column paid drop default
alter table orders alter a drop not null, alter b drop identity
alter role app password 'x'
alter database shop set work_mem = '1GB'
alter publication p drop table orders
comment on table orders is 'drop table later'
grant delete, update, truncate on orders to app
revoke delete on orders from app
vacuum full orders
reindex table orders
cluster orders
analyze orders
begin
commit
rollback
savepoint a
set role app
reset all
discard all
deallocate all
refresh materialized view m
listen c
notify c, 'drop table orders'
checkpoint
reassign owned by a to b
select pg_is_in_recovery()
select pg_cancel_backend(4711)
select pg_reload_conf()
select pg_current_wal_lsn()
select * from pg_stat_activity where query ilike '%pg_promote%'
select 'pg_promote'::regproc
copy orders to stdout
copy orders from stdin
copy (select * from orders where note = 'drop') to stdout csv
do $$ begin raise notice 'updated'; end $$
do $$ begin perform f(); end $$
call p()
execute gone
select dblink('host=db-02', 'select 1')
drop table pg_temp.orders
drop table if exists pg_temp.orders
select ';drop table x;'::text
select deleted, updated_at from orders
select * from pg_drop
update_statistics()
""".strip().splitlines()
HARMLESS += ["", "copy orders from stdin;\n1\tdrop table orders;\n2\t'unbalanced\n\\.\nselect 1"]


def done(text: str) -> list[sql.Deed]:
    return [deed for statement in statements(text) for deed in sql.deeds(statement)]


@pytest.mark.parametrize(("text", "does"), GONE, ids=[text for text, _ in GONE])
def test_what_loses_rows_is_grave(text: str, does: str | None) -> None:
    [deed] = done(text)
    assert deed.effect is LOST
    assert does in (None, deed.does)


@pytest.mark.parametrize("text", MADE_AGAIN)
def test_what_can_be_made_again_is_said(text: str) -> None:
    assert [deed.effect for deed in done(text)] == [CHANGED]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_destroys_nothing_says_nothing(text: str) -> None:
    assert done(text) == []


@pytest.mark.parametrize(
    "text", ["select pg_promote()", "select * from pg_catalog.pg_promote(true, 60)", "SELECT PG_PROMOTE()"]
)
def test_promotion(text: str) -> None:
    assert [deed.effect for deed in done(text)] == [PROMOTED]


def test_each_statement_of_a_text_counts() -> None:
    found = done("begin; delete from a; update b set c = 1 where d = 2; truncate e; rollback")
    assert [deed.does for deed in found] == ["delete every row of a", "run truncate e"]


def test_what_cannot_be_seen_is_a_doubt() -> None:
    for text in (
        "do $$ begin delete from orders; end $$",
        "delete from orders where ((",
        "select dblink('', 'drop table x')",
    ):
        assert [bool(deed.doubt) for deed in done(text)] == [True]


def test_passwords_are_not_shown() -> None:
    [deed] = done("alter system set primary_conninfo = 'host=db-01 password=secret'")
    assert deed.does == "run alter system set primary_conninfo = '…'"


def test_depth_is_no_way_around() -> None:
    nested = "select " + "(" * 3000 + "1" + ")" * 3000
    assert done(nested) == []
    assert [deed.effect for deed in done(f"with x as (delete from orders returning *) {nested}")] == [LOST]


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=()), max_size=60))
def test_any_text_is_read(text: str) -> None:
    done(text)


PIECES = st.lists(
    st.sampled_from(
        [*"'\"$;():\\\n ", "$$", "$a$", "--", "/*", "*/", "E'", "::", ":x", "begin atomic", "end", "\\g", "\\c x"]
    )
)


@given(PIECES)
@settings(deadline=None)
def test_nothing_is_lost_or_read_twice(pieces: list[str]) -> None:
    """What is no comment, no data and no backslash command comes out as it went in."""
    text = "".join(pieces)
    if "\\" not in text:
        out = ";".join(statement.text for statement in statements(text))
        assert out == text or "/*" in text or "--" in text
        assert len(out) == len(text)


def loads_the_parser(text: str) -> bool:
    program = (
        "import sys; from guardsh.commands import sql; from guardsh.commands.psql_text import statements\n"
        "if sql.may_destroy(sys.argv[1]): [list(sql.deeds(each)) for each in statements(sys.argv[1])]\n"
        "sys.exit('sqlglot' in sys.modules)"
    )
    return subprocess.run([sys.executable, "-c", program, text], check=False).returncode == 1


@pytest.mark.parametrize(
    "text", ["select 1", "drop database shop", "truncate a", "select 'delete from t'", "alter system set a = 1"]
)
def test_a_few_words_decide_most_texts(text: str) -> None:
    assert not loads_the_parser(text)


def test_the_parser_is_loaded_for_a_condition() -> None:
    assert loads_the_parser("delete from orders where id = 3")
