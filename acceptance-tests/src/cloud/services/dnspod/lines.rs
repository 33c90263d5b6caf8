//! The lines (networks and places of the asker) that a record can be for.

/// Name and id of the lines of every plan. The names are Chinese in every language.
const LINES: [(&str, &str); 16] = [
    ("默认", "0"),
    ("国内", "7=0"),
    ("境内", "7=0"),
    ("国外", "3=0"),
    ("境外", "3=0"),
    ("电信", "10=0"),
    ("联通", "10=1"),
    ("教育网", "10=2"),
    ("移动", "10=3"),
    ("百度", "90=0"),
    ("谷歌", "90=1"),
    ("有道", "90=2"),
    ("必应", "90=3"),
    ("搜狗", "90=5"),
    ("奇虎", "90=6"),
    ("搜索引擎", "80=0"),
];

/// The line of this name.
pub(super) fn by_name(name: &str) -> Option<(&'static str, &'static str)> {
    LINES.into_iter().find(|(known, _)| *known == name)
}

/// The line of this id.
pub(super) fn by_id(id: &str) -> Option<(&'static str, &'static str)> {
    LINES.into_iter().find(|(_, known)| *known == id)
}
