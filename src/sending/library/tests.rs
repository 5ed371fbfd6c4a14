//! What a template becomes.

use super::compiled::{Compiled, Rendered, Unrendered};
use super::model::{Content, Part};
use super::vocabulary::{self, VARIABLES};
use super::words::Words;
use crate::contacts::Channel;

fn sms(body: &str) -> Content {
    Content { channel: Channel::Sms, subject: None, body: Some(body.into()), html: None, preheader: None }
}

fn mail(html: &str) -> Content {
    let subject = Some("Hi {{ first_name | default('there') }}".into());
    Content { channel: Channel::Email, subject, body: None, html: Some(html.into()), preheader: None }
}

fn asha() -> Words {
    let mut words = Words::default();
    words.say("name", "Asha Rao");
    words.say("first_name", "Asha");
    words.say("company", "Rao & <Sons>");
    words.say("custom.budget", "80L");
    words.say_all("tags", vec!["vip".into(), "wedding".into()]);
    words
}

fn said(body: &str) -> Result<String, Unrendered> {
    Compiled::of(&sms(body)).expect("a template").render(&asha()).map(|rendered| rendered.text)
}

fn missing(names: &[&str]) -> Unrendered {
    Unrendered::Missing { variables: names.iter().map(ToString::to_string).collect() }
}

fn wrong(content: &Content) -> Vec<(String, String)> {
    let (compiled, mut wrong) = Compiled::read(content);
    wrong.extend(vocabulary::unknown(&compiled));
    if wrong.is_empty() {
        wrong.extend(vocabulary::tried(&compiled));
    }
    wrong.into_iter().map(|field| (field.pointer, format!("{}: {}", field.code, field.detail))).collect()
}

#[test]
fn a_name_in_any_case_finds_its_value() {
    assert_eq!(
        said("Hi {{Name}}, {{ first_name }}, {{FIRST_NAME}}: {{ Custom.Budget }}").unwrap(),
        "Hi Asha Rao, Asha, Asha: 80L"
    );
    assert_eq!(
        said("{{ first_name | upper }} {{ company | truncate(4) }} {{ 'x' ~ first_name }}").unwrap(),
        "ASHA Rao… xAsha"
    );
    assert_eq!(said("{% for tag in tags %}{{ loop.index }}{{ tag }} {% endfor %}{{ tags }} {{ tags | join('/') }} {{ tags | length }}").unwrap(), "1vip 2wedding vip, wedding vip/wedding 2");
    assert_eq!(
        said("{% if 'vip' in tags %}dear {% endif %}{{ tags | first }}{{ tags[1] }}").unwrap(),
        "dear vipwedding"
    );
}

#[test]
fn what_is_missing_takes_its_fallback_or_fails_by_name() {
    assert_eq!(said("Hi {{ last_name | default(\"there\") }}").unwrap(), "Hi there");
    assert_eq!(said("Hi {{ last_name | upper | d(first_name) }}").unwrap(), "Hi Asha");
    assert_eq!(said("Hi{{ last_name | default }}").unwrap(), "Hi");
    assert_eq!(
        said("{% if last_name %}{{ last_name }}{% else %}none{% endif %}{% if city is defined %}x{% endif %}").unwrap(),
        "none"
    );
    assert_eq!(said("{% for x in state %}{{ x }}{% endfor %}{% if city == 'Pune' %}x{% endif %}ok").unwrap(), "ok");
    assert_eq!(said("Hi {{ Last_Name }} of {{ city ~ '!' }}").unwrap_err(), missing(&["city", "last_name"]));
    assert_eq!(said("{{ custom.nope }}").unwrap_err(), missing(&["custom.nope"]));
    for gap in [
        "{{ city | upper }}",
        "{{ city | default(city) }}",
        "{{ city[0] }}",
        "{{ city | join }}",
        "{% set c = city %}{{ c }}",
    ] {
        assert_eq!(said(gap).unwrap_err(), missing(&["city"]), "{gap}");
    }
    let failure = said("{{ city }}").unwrap_err();
    assert_eq!((failure.code(), failure.to_string().contains("city | default")), ("variable_missing", true));
    assert_eq!(said("{% if city %}x{% endif %}").unwrap_err(), Unrendered::Empty);
}

#[test]
fn a_preview_shows_its_gaps() {
    let compiled = Compiled::of(&sms("Hi {{ first_name }} from {{ city }}")).unwrap();
    let (rendered, gaps, failure) = compiled.preview(&asha());
    assert_eq!(rendered.unwrap().text, "Hi Asha from [city]");
    assert_eq!((gaps, failure), (vec!["city".to_string()], Some(missing(&["city"]))));
}

#[test]
fn html_escapes_every_value_and_text_none() {
    let html = "<html><body><p title=\"{{ company }}\">{{ company }} {{ company | upper }} {{ company ~ '<' }}{% set c = company %}{{ c }}\
        {% set b %}<b>{{ company }}</b>{% endset %}{{ b }}</p></body></html>";
    let compiled = Compiled::of(&Content { preheader: Some("For {{ company }}".into()), ..mail(html) }).unwrap();
    let Rendered { subject, text, html } = compiled.render(&asha()).unwrap();
    let html = html.unwrap();
    assert_eq!(subject.as_deref(), Some("Hi Asha"));
    assert!(!html.to_lowercase().contains("<sons"), "{html}");
    assert!(html.contains("<b>Rao &amp; &lt;Sons&gt;</b>"), "{html}");
    assert!(
        html.starts_with("<html><body><div style=\"display:none") && html.contains(">For Rao &amp; &lt;Sons&gt;</div>"),
        "{html}"
    );
    assert_eq!(text, "Rao & <Sons> RAO & <SONS> Rao & <Sons><Rao & <Sons>Rao & <Sons>");
    assert_eq!(said("{{ company }}").unwrap(), "Rao & <Sons>");
    // Whatever a template says of escaping.
    let off = mail("{% autoescape false %}{{ company }}{% endautoescape %}");
    let (compiled, told) = Compiled::read(&off);
    assert!(!told.is_empty());
    assert!(compiled.preview(&asha()).0.unwrap().html.unwrap().contains("&lt;Sons&gt;"));
}

#[test]
fn a_value_draws_no_header_and_no_script() {
    let mut words = asha();
    words.say("first_name", "Asha\r\nBcc: evil@example.com");
    words.say("custom.site", "javascript:alert(1)");
    let compiled = Compiled::of(&mail("<p>{{ first_name }}</p>")).unwrap();
    assert_eq!(compiled.render(&words).unwrap().subject.as_deref(), Some("Hi Asha Bcc: evil@example.com"));
    let compiled = Compiled::of(&mail("<a href=\"{{ custom.site }}\">x</a>")).unwrap();
    assert_eq!(compiled.render(&words).unwrap_err().code(), "unsafe_html");
    let compiled = Compiled::of(&mail("<p>Hi</p><{{ custom.tag | default('script') }}>x")).unwrap();
    assert_eq!(compiled.render(&words).unwrap_err().code(), "unsafe_html");
}

#[test]
fn what_runs_on_or_grows_is_stopped() {
    let ten = "[1,2,3,4,5,6,7,8,9,0]";
    let endless =
        (0..6).fold("{{ name }}".to_string(), |within, _| format!("{{% for a in {ten} %}}{within}{{% endfor %}}"));
    assert_eq!(wrong(&sms(&endless))[0], ("/body".into(), "too_much_work: the body repeats too much".into()));
    let doubling = format!("{{% set x = name %}}{}{{{{ x }}}}", "{% set x = x ~ x %}".repeat(60));
    assert!(wrong(&mail(&doubling))[0].1.starts_with("too_much_work"), "{:?}", wrong(&mail(&doubling)));
    assert!(wrong(&sms("{{ name * 100000000 }}"))[0].1.starts_with("too_much_work"));
    assert!(wrong(&sms(&format!("{}{{{{ name }}}}", "a".repeat(1530))))[0].1.contains("11 segments"));
    // What grows by its values fails for the one person alone.
    let compiled = Compiled::of(&sms("{{ name }}")).unwrap();
    let mut words = asha();
    words.say("name", "x".repeat(1531));
    assert_eq!(compiled.render(&words).unwrap_err().code(), "too_long");
    words.say("name", "x".repeat(300_000));
    let compiled = Compiled::of(&mail("<p>{{ name }}</p>")).unwrap();
    assert_eq!(compiled.render(&words).unwrap_err().code(), "too_long");
    assert!(Compiled::of(&sms(&"{% if a %}".repeat(1000))).is_err());
}

#[test]
fn what_is_wrong_is_told_where_it_stands() {
    let told = wrong(&Content {
        subject: Some("Hi {{ frist_name }}".into()),
        body: Some("{{ name | safe }} {{ unknowable }}".into()),
        preheader: Some("{{ custom.nope }}".into()),
        ..mail("<script>{{ name }}</script>")
    });
    let has = |pointer: &str, words: &str| told.iter().any(|(at, said)| at == pointer && said.contains(words));
    assert!(
        has("/subject", "unknown_variable: there is no variable frist_name; the nearest is first_name"),
        "{told:?}"
    );
    assert!(has("/body", "no filter safe") && has("/body", "GET /v1/templates/variables"), "{told:?}");
    assert!(has("/html", "unsafe_html: <script>") && has("/preheader", "custom.nope"), "{told:?}");
    for broken in [
        "{{ name",
        "{% if name %}",
        "{{ name | }}",
        "{% nope %}",
        "{{ नाम }}",
        "{% endif %}",
        "{% include 'x' %}",
        "{{ {{ }} }}",
    ] {
        let told = wrong(&sms(broken));
        assert!(told.iter().any(|(at, said)| at == "/body" && said.contains("template_syntax")), "{broken}: {told:?}");
    }
    assert!(wrong(&sms("a\n{{ name | }}"))[0].1.contains("line 2"), "{:?}", wrong(&sms("a\n{{ name | }}")));
}

#[test]
fn each_channel_has_its_parts() {
    let pointers = |content: &Content| wrong(content).into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>();
    let empty = Content { channel: Channel::Email, subject: None, body: None, html: None, preheader: Some("x".into()) };
    assert_eq!(pointers(&empty), ["/subject", "/body", "/preheader"]);
    let all = Some("x".to_string());
    let sms = Content { channel: Channel::Sms, subject: all.clone(), body: None, html: all.clone(), preheader: all };
    assert_eq!(pointers(&sms), ["/body", "/subject", "/html", "/preheader"]);
}

#[test]
fn one_template_is_filled_by_many_at_once() {
    fn shared<T: Send + Sync>(_: &T) {}
    let compiled = Compiled::of(&sms("Hi {{ name }}")).unwrap();
    shared(&compiled);
    shared(&asha());
    std::thread::scope(|threads| {
        for n in 0..4 {
            let compiled = &compiled;
            threads.spawn(move || {
                let mut words = asha();
                words.say("name", format!("Asha {n}"));
                assert_eq!(compiled.render(&words).unwrap().text, format!("Hi Asha {n}"));
            });
        }
    });
}

#[test]
fn every_variable_has_an_example_and_a_template_may_be_kept() {
    for variable in VARIABLES {
        let content = sms(&format!("{{{{ {} }}}}", variable.name.to_uppercase()));
        assert_eq!(wrong(&content), [], "{}", variable.name);
        let kept: Content = serde_json::from_value(serde_json::to_value(&content).unwrap()).unwrap();
        let compiled = Compiled::of(&kept).unwrap();
        assert_eq!(compiled.variables().map(|(part, _)| part).collect::<Vec<_>>(), [Part::Body]);
        assert_eq!(compiled.render(&vocabulary::samples()).unwrap().text, variable.example);
    }
}
