//! Parses the generated header, whose form is known, into its items.

/// A declaration and the comment above it, without the slashes.
pub struct Item {
    pub comment: String,
    pub kind: Kind,
}

pub enum Kind {
    Macro { name: String, value: String },
    Enum { name: String, numbers: Vec<Number> },
    Handle { name: String },
    Struct { name: String, fields: Vec<Field> },
    Function { name: String, prototype: String },
}

/// One constant of an enum.
pub struct Number {
    pub comment: String,
    pub name: String,
    pub value: String,
}

/// A member of a struct: `uint8_t bytes[16]` has the name `bytes` and the type `uint8_t[16]`.
pub struct Field {
    pub comment: String,
    pub name: String,
    pub c_type: String,
}

/// Returns the rules at the start of the header, and every item.
pub fn parse(header: &str) -> Result<(String, Vec<Item>), String> {
    let (rules, rest) = header.split_once("\n\n#ifndef ").ok_or("the header has no include guard")?;
    let rules = rules.lines().map(uncommented).collect::<Vec<_>>().join("\n");
    let mut items = Vec::new();
    let mut comment = String::new();
    let mut lines = rest.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("//") {
            add_line(&mut comment, line);
            continue;
        }
        let kind = if let Some(definition) = line.strip_prefix("#define DOORS_") {
            definition
                .split_once(' ')
                .filter(|(name, _)| *name != "CADDY_H" && !name.starts_with("ENUM("))
                .map(|(name, value)| Kind::Macro { name: format!("DOORS_{name}"), value: value.into() })
        } else if let Some((name, _)) =
            line.trim_start().strip_prefix("DOORS_ENUM(").and_then(|rest| rest.split_once(','))
        {
            Some(Kind::Enum { name: name.into(), numbers: numbers(&mut lines)? })
        } else if let Some(rest) = line.strip_prefix("typedef struct ") {
            let name = rest.split([' ', ';']).next().unwrap_or_default().to_owned();
            Some(match rest.ends_with('{') {
                true => Kind::Struct { name, fields: fields(&mut lines)? },
                false => Kind::Handle { name },
            })
        } else if !line.starts_with([' ', '#', '}', '_']) && line.contains("doors_") && line.contains('(') {
            let mut prototype = line.to_owned();
            while !prototype.ends_with(';') {
                prototype.push(' ');
                prototype.push_str(lines.next().ok_or("a prototype has no end")?.trim());
            }
            let before = prototype.split('(').next().unwrap_or_default();
            let name = before.rsplit([' ', '*']).next().unwrap_or_default().to_owned();
            Some(Kind::Function { name, prototype })
        } else {
            None
        };
        let comment = std::mem::take(&mut comment);
        if let Some(kind) = kind {
            items.push(Item { comment, kind });
        }
    }
    Ok((rules, items))
}

fn numbers<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Result<Vec<Number>, String> {
    let mut numbers = Vec::new();
    let mut comment = String::new();
    for line in lines.map(str::trim) {
        if line.starts_with('}') {
            return Ok(numbers);
        }
        if line.starts_with("//") {
            add_line(&mut comment, line);
            continue;
        }
        let definition = line.strip_suffix(',').and_then(|definition| definition.split_once(" = "));
        let (name, value) = definition.ok_or_else(|| format!("`{line}` is not a number of an enum"))?;
        numbers.push(Number { comment: std::mem::take(&mut comment), name: name.into(), value: value.into() });
    }
    Err("an enum has no end".into())
}

fn fields<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Result<Vec<Field>, String> {
    let mut fields = Vec::new();
    let mut comment = String::new();
    for line in lines.map(str::trim) {
        if line.starts_with('}') {
            return Ok(fields);
        }
        if line.starts_with("//") {
            add_line(&mut comment, line);
            continue;
        }
        let declaration = line.strip_suffix(';').ok_or_else(|| format!("`{line}` is not a member"))?;
        let (c_type, declarator) = declaration.rsplit_once(' ').ok_or_else(|| format!("`{line}` has no type"))?;
        let (name, extent) = declarator.split_at(declarator.find('[').unwrap_or(declarator.len()));
        fields.push(Field {
            comment: std::mem::take(&mut comment),
            name: name.into(),
            c_type: format!("{c_type}{extent}"),
        });
    }
    Err("a struct has no end".into())
}

fn uncommented(line: &str) -> &str {
    let text = line.trim_start_matches('/');
    text.strip_prefix(' ').unwrap_or(text)
}

fn add_line(comment: &mut String, line: &str) {
    if !comment.is_empty() {
        comment.push('\n');
    }
    comment.push_str(uncommented(line));
}
