//! rustdoc's JSON as lines of text, one a public item. Knows its words; judges nothing.

use serde_json::Value;
use std::collections::BTreeSet;

/// Every public item below the root, sorted.
pub(crate) fn items(json: &Value) -> Vec<String> {
    let mut walk = Walk {
        json,
        lines: BTreeSet::new(),
    };
    let root = walk.item(&json["root"]).expect("a root");
    walk.module(root, root["name"].as_str().expect("a name"));
    walk.lines.into_iter().collect()
}

struct Walk<'a> {
    json: &'a Value,
    lines: BTreeSet<String>,
}

impl<'a> Walk<'a> {
    fn item(&self, id: &Value) -> Option<&'a Value> {
        self.json["index"].get(id.to_string().trim_matches('"'))
    }

    fn all(&self, ids: &Value) -> Vec<&'a Value> {
        list(ids).iter().filter_map(|id| self.item(id)).collect()
    }

    fn module(&mut self, module: &'a Value, path: &str) {
        for id in list(&module["inner"]["module"]["items"]) {
            if let Some(item) = self.item(id) {
                self.walk(item, path, None);
            }
        }
    }

    /// An item, under its own name or that of its re-export.
    fn walk(&mut self, item: &'a Value, parent: &str, renamed: Option<&str>) {
        let Some((kind, inner)) = item["inner"]
            .as_object()
            .and_then(|inner| inner.iter().next())
        else {
            return;
        };
        if kind == "use" {
            return self.reexport(inner, parent);
        }
        let Some(name) = renamed.or(item["name"].as_str()) else {
            return;
        };
        let path = format!("{parent}::{name}");
        match kind.as_str() {
            "module" => {
                self.lines.insert(format!("mod {path}"));
                self.module(item, &path);
            }
            "function" => self.function(inner, &path),
            "struct" => {
                self.lines.insert(format!("struct {path}"));
                self.fields(&inner["kind"]["plain"]["fields"], &path);
                self.fields(&inner["kind"]["tuple"], &path);
                self.impls(inner, &path);
            }
            "enum" => {
                self.lines.insert(format!("enum {path}"));
                for variant in self.all(&inner["variants"]) {
                    let path = format!("{path}::{}", text(&variant["name"]));
                    let kind = &variant["inner"]["variant"]["kind"];
                    self.lines.insert(format!("variant {path}"));
                    self.fields(&kind["struct"]["fields"], &path);
                    self.fields(&kind["tuple"], &path);
                }
                self.impls(inner, &path);
            }
            "trait" => {
                self.lines
                    .insert(format!("trait {path}{}", bounds(&inner["bounds"], ": ")));
                for item in self.all(&inner["items"]) {
                    self.walk(item, &path, None);
                }
            }
            "constant" | "assoc_const" => {
                self.lines
                    .insert(format!("const {path}: {}", ty(&inner["type"])));
            }
            other => {
                self.lines.insert(format!("{other} {path}"));
            }
        }
    }

    fn reexport(&mut self, inner: &'a Value, parent: &str) {
        let name = text(&inner["name"]);
        match self.item(&inner["id"]) {
            Some(item) if inner["is_glob"] == true => self.module(item, parent),
            Some(item) => self.walk(item, parent, Some(name)),
            // Of another crate: its own API is not looked at.
            None => {
                self.lines
                    .insert(format!("use {parent}::{name} = {}", text(&inner["source"])));
            }
        }
    }

    fn fields(&mut self, fields: &'a Value, path: &str) {
        for field in self.all(fields) {
            let ty = ty(&field["inner"]["struct_field"]);
            let line = format!("field {path}::{}: {ty}", text(&field["name"]));
            self.lines.insert(line);
        }
    }

    fn impls(&mut self, of: &'a Value, path: &str) {
        for item in self.all(&of["impls"]) {
            let inner = &item["inner"]["impl"];
            let written = inner["is_synthetic"] != true && inner["blanket_impl"].is_null();
            let name = text(&inner["trait"]["path"]);
            if inner["trait"].is_null() {
                for item in self.all(&inner["items"]) {
                    if item["visibility"] == "public" {
                        self.walk(item, path, None);
                    }
                }
            } else if written && !name.starts_with("Structural") {
                let args = arguments(&inner["trait"]["args"]);
                self.lines
                    .insert(format!("impl {}{args} for {path}", last(name)));
            }
        }
    }

    fn function(&mut self, inner: &Value, path: &str) {
        let sig = &inner["sig"];
        let inputs: Vec<String> = list(&sig["inputs"])
            .iter()
            .map(|input| format!("{}: {}", text(&input[0]), ty(&input[1])))
            .collect();
        let output = match &sig["output"] {
            Value::Null => String::new(),
            output => format!(" -> {}", ty(output)),
        };
        let header = &inner["header"];
        let marks: String = ["async", "const", "unsafe"]
            .iter()
            .filter(|mark| header[format!("is_{mark}")] == true)
            .map(|mark| format!(" [{mark}]"))
            .collect();
        self.lines
            .insert(format!("fn {path}({}){output}{marks}", inputs.join(", ")));
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// A type, in words close to those of the source.
fn ty(value: &Value) -> String {
    let Some((kind, inner)) = value.as_object().and_then(|object| object.iter().next()) else {
        return "_".to_owned();
    };
    match kind.as_str() {
        "primitive" | "generic" => text(inner).to_owned(),
        "resolved_path" => format!(
            "{}{}",
            last(text(&inner["path"])),
            arguments(&inner["args"])
        ),
        "borrowed_ref" => {
            let lifetime = inner["lifetime"]
                .as_str()
                .map(|l| format!("{l} "))
                .unwrap_or_default();
            let mutable = if inner["is_mutable"] == true {
                "mut "
            } else {
                ""
            };
            format!("&{lifetime}{mutable}{}", ty(&inner["type"]))
        }
        "tuple" => {
            format!(
                "({})",
                list(inner).iter().map(ty).collect::<Vec<_>>().join(", ")
            )
        }
        "slice" => format!("[{}]", ty(inner)),
        "array" => format!("[{}; {}]", ty(&inner["type"]), text(&inner["len"])),
        "impl_trait" => format!("impl{}", bounds(inner, " ")),
        "dyn_trait" => format!("dyn{}", bounds(&inner["traits"], " ")),
        "qualified_path" => format!("{}::{}", ty(&inner["self_type"]), text(&inner["name"])),
        other => other.to_owned(),
    }
}

fn arguments(args: &Value) -> String {
    let angle = &args["angle_bracketed"];
    let mut words: Vec<String> = list(&angle["args"])
        .iter()
        .map(|arg| match arg["lifetime"].as_str() {
            Some(lifetime) => lifetime.to_owned(),
            None => ty(&arg["type"]),
        })
        .collect();
    for constraint in list(&angle["constraints"]) {
        words.push(format!(
            "{} = {}",
            text(&constraint["name"]),
            ty(&constraint["binding"]["equality"]["type"])
        ));
    }
    if words.is_empty() {
        return match list(&args["parenthesized"]["inputs"]) {
            [] => String::new(),
            inputs => format!("({})", inputs.iter().map(ty).collect::<Vec<_>>().join(", ")),
        };
    }
    format!("<{}>", words.join(", "))
}

/// Bounds of a trait, of `impl` or of `dyn`, with `before` in front of them.
fn bounds(bounds: &Value, before: &str) -> String {
    if list(bounds).is_empty() {
        return String::new();
    }
    let words: Vec<String> = list(bounds)
        .iter()
        .map(|bound| {
            // `dyn` has the trait itself, a bound has it one level down.
            let inner = bound.get("trait_bound").unwrap_or(bound);
            match inner.get("trait") {
                Some(of) => format!("{}{}", last(text(&of["path"])), arguments(&of["args"])),
                None => text(&bound["outlives"]).to_owned(),
            }
        })
        .collect();
    format!("{before}{}", words.join(" + "))
}
