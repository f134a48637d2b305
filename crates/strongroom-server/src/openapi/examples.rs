//! Examples: every body, answer and id of a path gets one, put together from those of the schemas, so that an example
//! is said once, where its type is.

use serde_json::{Map, Value, json};

use super::members;

/// Puts an example wherever a reader looks for one and the operation has none of its own.
pub fn fill(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    for (path, item) in members(&mut document["paths"]) {
        for (_, operation) in members(item) {
            if let Some(content) = operation.pointer_mut("/requestBody/content") {
                illustrate_content(content, &schemas, path);
            }
            for (_, response) in members(&mut operation["responses"]) {
                if let Some(content) = response.get_mut("content") {
                    illustrate_content(content, &schemas, path);
                }
            }
            let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
            parameters.into_iter().flatten().for_each(|parameter| illustrate_parameter(parameter, &schemas));
        }
    }
}

fn illustrate_content(content: &mut Value, schemas: &Value, path: &str) {
    for (_, media_type) in members(content) {
        if media_type.get("example").is_none()
            && let Some(mut example) = example_of(&media_type["schema"], schemas)
        {
            if path.starts_with("/api/admin/secrets") {
                of_the_instance(&mut example);
            }
            media_type["example"] = example;
        }
    }
}

/// Ids get one. Filters lose theirs: readers who try a list would have to clear a form that was filled in.
fn illustrate_parameter(parameter: &mut Value, schemas: &Value) {
    if parameter["in"] == "path" {
        if let Some(example) = example_of(&parameter["schema"], schemas) {
            parameter["example"] = example;
        }
    } else if let Some(schema) = parameter["schema"].as_object_mut() {
        schema.remove("example");
    }
}

/// Both paths of credentials share their types; the scope of the rows differs.
fn of_the_instance(example: &mut Value) {
    for pointer in ["/scope", "/items/0/scope"] {
        if let Some(scope) = example.pointer_mut(pointer) {
            *scope = "SYSTEM".into();
        }
    }
}

/// The example that a schema has, or one of its parts; None where a part that must be there has none.
fn example_of(schema: &Value, schemas: &Value) -> Option<Value> {
    if let Some(said) =
        schema.get("example").or_else(|| schema.pointer("/examples/0")).or_else(|| schema.get("default"))
    {
        return Some(said.clone());
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return example_of(&schemas[name], schemas);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        return choices.iter().filter(|choice| choice["type"] != "null").find_map(|choice| example_of(choice, schemas));
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let parts = parts.iter().map(|part| example_of(part, schemas)?.as_object().cloned());
        return parts.collect::<Option<Vec<_>>>().map(|parts| parts.into_iter().flatten().collect());
    }
    if let Some(first) = schema.pointer("/enum/0") {
        return Some(first.clone());
    }
    match (type_of(schema)?, schema["format"].as_str()) {
        ("object", _) => object(schema, schemas),
        ("array", _) => Some(json!([example_of(&schema["items"], schemas)?])),
        ("boolean", _) => Some(json!(false)),
        ("string", Some("date-time")) => Some(json!("2026-11-23T09:00:00Z")),
        _ => None,
    }
}

/// `string` of `["string", "null"]`.
fn type_of(schema: &Value) -> Option<&str> {
    let types = schema["type"].as_array();
    types.into_iter().flatten().chain([&schema["type"]]).filter_map(Value::as_str).find(|name| *name != "null")
}

fn object(schema: &Value, schemas: &Value) -> Option<Value> {
    let required = |name: &String| schema["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
    let mut example = Map::new();
    for (name, property) in schema["properties"].as_object()? {
        match example_of(property, schemas) {
            Some(value) => _ = example.insert(name.clone(), value),
            None if required(name) => return None,
            None => {}
        }
    }
    Some(example.into())
}
