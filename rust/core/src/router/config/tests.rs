use super::*;

const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn refusal(json: &str) -> Error {
    match parse(json.as_bytes()) {
        Ok(_) => panic!("accepted: {json}"),
        Err(error) => error,
    }
}

fn with_upstream(members: &str) -> String {
    format!(r#"{{"secret": "{SECRET}", "upstreams": [{{{members}}}]}}"#)
}

#[test]
fn the_documented_configuration_is_accepted() {
    let json = format!(
        r#"{{"source": "doors_upstream", "secret": "{SECRET}", "cookie_name": "upstream",
            "upstreams": [{{"cidr": "10.0.0.0/24", "host": "svc.namespace.svc.cluster.local", "port": 8080}}]}}"#
    );
    let config = parse(json.as_bytes()).unwrap();
    assert_eq!(config.cookie_name.as_deref(), Some("upstream"));
    assert_eq!(config.upstreams, [Upstream { hosts: vec!["svc.namespace.svc.cluster.local".into()], port: 8080 }]);
    assert!(config.warnings.is_empty());
}

#[test]
fn errors_name_member_value_and_rule() {
    for (members, index, status, parts) in [
        (r#""host": "a", "port": 1"#, 0, Status::Config, &["upstreams[0].cidr", "required"][..]),
        (r#""cidr": "10.0.0.0/8", "port": 1"#, 0, Status::Config, &["upstreams[0].host", "required"]),
        (r#""cidr": "10.0.0.0/8", "host": "a""#, 0, Status::Config, &["upstreams[0].port", "required"]),
        (r#""cidr": "10.0.0.1/8""#, 0, Status::Cidr, &["upstreams[0].cidr", "10.0.0.1/8", "write 10.0.0.0/8"]),
        (r#""cidr": 7"#, 0, Status::Config, &["upstreams[0].cidr", "a string, not a number"]),
        (r#""cidrs": "10.0.0.0/8""#, 0, Status::Config, &["upstreams[0].cidrs", "an array of strings, not a string"]),
        (r#""cidrs": {}"#, 0, Status::Config, &["upstreams[0].cidrs", "an array of strings, not an object"]),
        (r#""cidrs": []"#, 0, Status::Cidr, &["upstreams[0].cidrs", "is empty"]),
        (r#""cidrs": ["10.0.0.0/8", "x"]"#, 0, Status::Cidr, &["upstreams[0].cidrs[1]", "\"x\""]),
        (r#""cidrs": ["10.0.0.0/8", null]"#, 0, Status::Config, &["upstreams[0].cidrs[1]", "not null"]),
        (
            r#""cidrs": ["10.0.0.0/8", "10.0.0.0/8"]"#,
            0,
            Status::Cidr,
            &["upstreams[0].cidrs[1]", "the same network as upstreams[0].cidrs[0]"],
        ),
        (r#""cidr": "10.0.0.0/8", "cidrs": ["11.0.0.0/8"]"#, 0, Status::Config, &["upstreams[0]", "both"]),
        (r#""port": 0"#, 0, Status::Config, &["upstreams[0].port", "0 is not a valid port", "1 to 65535"]),
        (r#""port": 65536"#, 0, Status::Config, &["upstreams[0].port", "65536", "1 to 65535"]),
        (r#""port": -1"#, 0, Status::Config, &["upstreams[0].port", "-1", "1 to 65535"]),
        (r#""port": 80.5"#, 0, Status::Config, &["upstreams[0].port", "80.5", "1 to 65535"]),
        (r#""port": "80""#, 0, Status::Config, &["upstreams[0].port", "a number, not a string"]),
        (
            r#""port": 8080.0"#,
            0,
            Status::Config,
            &["upstreams[0].port", "8080.0 is not a valid port", "a whole number"],
        ),
        (r#""port": 0.0"#, 0, Status::Config, &["upstreams[0].port", "0.0 is not a valid port"]),
        (r#""port": 1e300"#, 0, Status::Config, &["upstreams[0].port", "1e300"]),
        (r#""port": -1e300"#, 0, Status::Config, &["upstreams[0].port", "-1.000e300"]),
        (r#""host": "a:1""#, 0, Status::Config, &["upstreams[0].host", "\"a:1\""]),
        (r#""host": "a", "host": "b""#, 0, Status::Config, &["upstreams[0].host", "set twice"]),
        (r#""hots": "a""#, 0, Status::Config, &["upstreams[0]", "\"hots\"", "cidr, cidrs, host, hosts, port"]),
        (
            r#""a name that has thirty letters": 1"#,
            0,
            Status::Config,
            &["upstreams[0]: unknown member (its name has 30 characters); the valid members are"],
        ),
        (r#""host": "a", "hosts": ["b"]"#, 0, Status::Config, &["upstreams[0]: has both host and hosts"]),
        (r#""hosts": ["b"], "host": "a""#, 0, Status::Config, &["upstreams[0]: has both host and hosts"]),
        (r#""hosts": [], "cidr": "10.0.0.0/8""#, 0, Status::Config, &["upstreams[0].hosts: is empty"]),
        (r#""hosts": "a""#, 0, Status::Config, &["upstreams[0].hosts", "an array of strings, not a string"]),
        (r#""hosts": {}"#, 0, Status::Config, &["upstreams[0].hosts", "an array of strings, not an object"]),
        (r#""hosts": ["a", 7]"#, 0, Status::Config, &["upstreams[0].hosts[1]", "a string, not a number"]),
        (r#""hosts": ["a", "b:1"]"#, 0, Status::Config, &["upstreams[0].hosts[1]", "\"b:1\""]),
        (r#""hosts": ["a", "10.0.0.1", "A"]"#, 0, Status::Config, &["upstreams[0].hosts[2]", "\"A\" is listed twice"]),
        (r#""hosts": ["a"], "hosts": ["a"]"#, 0, Status::Config, &["upstreams[0].hosts: is set twice"]),
        (r#""host": tru"#, 0, Status::Config, &["upstreams[0].host", "not valid JSON"]),
    ] {
        let error = refusal(&with_upstream(members));
        assert_eq!((error.status, error.index), (status, Some(index)), "{error}");
        for part in parts {
            assert!(error.message.contains(part), "{error}: no {part}");
        }
    }
}

#[test]
fn names_and_addresses_can_be_mixed() {
    let hosts = ["svc.example", "10.0.0.1", "::1"];
    let json = with_upstream(&format!(r#""cidr": "10.0.0.0/8", "hosts": {hosts:?}, "port": 1"#));
    assert_eq!(parse(json.as_bytes()).unwrap().upstreams[0].hosts, hosts);

    let most: Vec<String> = (0..65).map(|number| format!("h{number}")).collect();
    let json = |hosts: &[String]| with_upstream(&format!(r#""cidr": "10.0.0.0/8", "hosts": {hosts:?}, "port": 1"#));
    assert_eq!(parse(json(&most[..64]).as_bytes()).unwrap().upstreams[0].hosts, most[..64]);
    assert!(refusal(&json(&most)).message.starts_with("upstreams[0].hosts[64]: is one host too many"));
}

#[test]
fn errors_of_the_whole() {
    let good = r#"{"cidr": "10.0.0.0/8", "host": "a", "port": 1}"#;
    let other = r#"{"cidr": "11.0.0.0/8", "host": "b", "port": 1}"#;
    for (json, status, parts) in [
        (String::new(), Status::Config, &["config", "not valid JSON"][..]),
        ("[]".into(), Status::Config, &["config", "an object, not an array"]),
        ("7".into(), Status::Config, &["config", "an object, not a number"]),
        ("{} x".into(), Status::Config, &["config", "not valid JSON"]),
        ("{}".into(), Status::Config, &["secret", "required"]),
        (format!(r#"{{"secret": "{SECRET}"}}"#), Status::Config, &["upstreams", "required"]),
        (format!(r#"{{"secret": "{SECRET}", "upstreams": []}}"#), Status::Config, &["upstreams", "at least one"]),
        (format!(r#"{{"secret": "{SECRET}", "upstreams": {{}}}}"#), Status::Config, &["upstreams", "not an object"]),
        (format!(r#"{{"secret": "{SECRET}", "upstreams": [[]]}}"#), Status::Config, &["upstreams[0]", "not an array"]),
        (format!(r#"{{"upstreams": [{good}]}}"#), Status::Config, &["secret", "required"]),
        (
            format!(r#"{{"secret": "{SECRET}", "upstreams": [{good}, {other}]}}"#),
            Status::Config,
            &["cookie_name", "more than one upstream"],
        ),
        (
            format!(r#"{{"secret": "{SECRET}", "cookie_name": "c", "upstreams": [{good}, {good}]}}"#),
            Status::Cidr,
            &["upstreams[1].cidr", "10.0.0.0/8 is the same network as upstreams[0].cidr"],
        ),
        (format!(r#"{{"secret": "{SECRET}", "cookie_name": "a b"}}"#), Status::Config, &["cookie_name", "\"a b\""]),
        (format!(r#"{{"secret": "{SECRET}", "cookie_name": ""}}"#), Status::Config, &["cookie_name", "is empty"]),
        (format!(r#"{{"secret": "{SECRET} {SECRET}"}}"#), Status::Secret, &["secret", "key 1", "same as key 0"]),
        (r#"{"secret": ["a"]}"#.into(), Status::Config, &["secret", "a string, not an array"]),
        (r#"{"secret": ""}"#.into(), Status::Secret, &["secret", "empty"]),
        (format!(r#"{{"secret": "{SECRET}", "secret": "{SECRET}"}}"#), Status::Config, &["secret", "set twice"]),
        (r#"{"refresh": "1s"}"#.into(), Status::Config, &["config", "\"refresh\"", "cookie_name"]),
        (format!(r#"{{"secret": {}"#, "[".repeat(1000)), Status::Config, &["secret", "not valid JSON"]),
        (format!(r#"{{"upstreams": {}"#, "[".repeat(1000)), Status::Config, &["upstreams[0]", "not an array"]),
        (" ".repeat(MAX_INPUT + 1), Status::TooLarge, &["67108865 bytes"]),
    ] {
        let error = refusal(&json);
        assert_eq!(error.status, status, "{error}");
        for part in parts {
            assert!(error.message.contains(part), "{error}: no {part}");
        }
    }
}

#[test]
fn the_largest_configuration_is_accepted() {
    let mut json = with_upstream(r#""cidr": "10.0.0.0/8", "host": "a", "port": 1"#);
    json.push_str(&" ".repeat(MAX_INPUT - json.len()));
    assert!(parse(json.as_bytes()).is_ok());
}

#[test]
fn warnings_name_the_member() {
    let json =
        with_upstream(r#""cidrs": ["10.0.0.0/8", "127.0.1.0/24", "169.254.0.0/16", "::/0"], "host": "a", "port": 1"#);
    let warnings = parse(json.as_bytes()).unwrap().warnings;
    let texts: Vec<_> = warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert!(texts[0].starts_with("upstreams[0].cidrs[2]: 169.254.0.0/16 covers link-local"), "{texts:?}");
    assert!(texts[1].starts_with("upstreams[0].cidrs[3]: ::/0 covers every address"), "{texts:?}");
    assert_eq!(texts.len(), 2);
}

/// A key in any wrong place is never repeated in a message.
#[test]
fn no_message_contains_a_canary() {
    let canaries = [
        SECRET.to_string(),
        "canary+canary+canary+A==".to_string(),
        format!("{SECRET} {SECRET}x"),
        "canarycanarycanarycanary\u{0}\u{301}".to_string(),
    ];
    for canary in canaries {
        let text = serde_json::to_string(&canary).unwrap();
        for template in [
            r#"{C}"#,
            r#"C"#,
            r#"[C]"#,
            r#"C C"#,
            r#"{C: C}"#,
            r#"{"x": C}"#,
            r#"{"secret": [C]}"#,
            r#"{"secret": {"a": C}}"#,
            r#"{"secret": C, "secret": C}"#,
            r#"{"secret": C C}"#,
            r#"{"cookie_name": C}"#,
            r#"{"cookie_name": [C]}"#,
            r#"{"source": C, C: 1}"#,
            r#"{"upstreams": C}"#,
            r#"{"upstreams": [C]}"#,
            r#"{"upstreams": {C: 1}}"#,
            r#"{"upstreams": [{C: C}]}"#,
            r#"{"upstreams": [{"cidr": C}]}"#,
            r#"{"upstreams": [{"cidr": [C]}]}"#,
            r#"{"upstreams": [{"cidrs": C}]}"#,
            r#"{"upstreams": [{"cidrs": [C]}]}"#,
            r#"{"upstreams": [{"cidrs": [[C]]}]}"#,
            r#"{"upstreams": [{"host": C, C: 1}]}"#,
            r#"{"upstreams": [{"host": [C]}]}"#,
            r#"{"upstreams": [{"port": C}]}"#,
            r#"{"upstreams": [{"port": [C]}]}"#,
        ] {
            let error = refusal(&template.replace('C', &text).replace("secret\": \"\"", "secret\": \"x\""));
            for piece in ["AAECAwQF", "canary"] {
                assert!(!error.message.contains(piece), "{template}: {error}");
            }
        }
    }
}
