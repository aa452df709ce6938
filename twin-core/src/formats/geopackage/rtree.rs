//! The R-tree of a layer and the triggers that keep it (OGC 12-128r17, annex F.3).

use super::columns::Columns;
use super::{literal, quoted};

/// Name of the index of a geometry column.
pub(super) fn name(table: &str, geometry: &str) -> String {
    format!("rtree_{table}_{geometry}")
}

/// The statements that create the index and register it.
pub(super) fn create(table: &str, columns: &Columns) -> String {
    format!(
        "CREATE VIRTUAL TABLE {} USING rtree(id, minx, maxx, miny, maxy);\
         INSERT INTO gpkg_extensions VALUES ({}, {}, 'gpkg_rtree_index', \
         'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');",
        quoted(&name(table, &columns.geometry)),
        literal(table),
        literal(&columns.geometry),
    )
}

/// The statement that adds a rectangle: row number, least and greatest x, least and greatest y.
pub(super) fn insert(table: &str, columns: &Columns) -> String {
    let index = quoted(&name(table, &columns.geometry));
    format!("INSERT INTO {index} VALUES (?1, ?2, ?3, ?4, ?5)")
}

/// The triggers that keep an R-tree in step with its table.
pub(super) fn triggers(table: &str, columns: &Columns) -> String {
    let name = name(table, &columns.geometry);
    let trigger = |suffix: &str| quoted(&format!("{name}_{suffix}"));
    let (t, i, c, r) =
        (quoted(table), quoted(&columns.key), quoted(&columns.geometry), quoted(&name));
    let bounds = format!(
        "INSERT OR REPLACE INTO {r} VALUES (NEW.{i}, ST_MinX(NEW.{c}), ST_MaxX(NEW.{c}), \
         ST_MinY(NEW.{c}), ST_MaxY(NEW.{c}));"
    );
    let filled = format!("(NEW.{c} NOTNULL AND NOT ST_IsEmpty(NEW.{c}))");
    let empty = format!("(NEW.{c} ISNULL OR ST_IsEmpty(NEW.{c}))");
    let forget = format!("DELETE FROM {r} WHERE id = OLD.{i};");
    let (same, moved) = (format!("OLD.{i} = NEW.{i}"), format!("OLD.{i} != NEW.{i}"));
    [
        format!("{} AFTER INSERT ON {t} WHEN {filled} BEGIN {bounds} END;", trigger("insert")),
        format!(
            "{} AFTER UPDATE OF {c} ON {t} WHEN {same} AND {filled} BEGIN {bounds} END;",
            trigger("update1")
        ),
        format!(
            "{} AFTER UPDATE OF {c} ON {t} WHEN {same} AND {empty} BEGIN {forget} END;",
            trigger("update2")
        ),
        format!(
            "{} AFTER UPDATE ON {t} WHEN {moved} AND {filled} BEGIN {forget} {bounds} END;",
            trigger("update3")
        ),
        format!(
            "{} AFTER UPDATE ON {t} WHEN {moved} AND {empty} BEGIN \
             DELETE FROM {r} WHERE id IN (OLD.{i}, NEW.{i}); END;",
            trigger("update4")
        ),
        format!(
            "{} AFTER DELETE ON {t} WHEN OLD.{c} NOT NULL BEGIN {forget} END;",
            trigger("delete")
        ),
    ]
    .map(|body| format!("CREATE TRIGGER {body}"))
    .join("\n")
}
