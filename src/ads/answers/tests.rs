use super::*;
use crate::base::time::Timestamp;
use crate::leads::model::LeadSource;
use serde_json::json;

fn read(questions: serde_json::Value, given: &[(&str, &str)]) -> NewEnquiry {
    let form = (!questions.is_null()).then(|| {
        let form = json!({"name": "F", "questions": questions});
        serde_json::from_value::<LeadForm>(form).unwrap().completed("").unwrap()
    });
    let mut enquiry = NewEnquiry::new(LeadSource::MetaAds, Timestamp::from_seconds(0).unwrap());
    let answers = given.iter().map(|(field, text)| Answer { field, label: None, kind: None, text: spoken(text) });
    fill(&mut enquiry, answers, form.as_ref());
    enquiry
}

fn who(enquiry: &NewEnquiry) -> [Option<&str>; 3] {
    [enquiry.name.as_deref(), enquiry.email.as_deref(), enquiry.phone.as_deref()]
}

#[test]
fn forms_of_many_languages_say_who_the_person_is() {
    for (name, email, phone) in [
        ("vollständiger_name", "e-mail-adresse", "telefonnummer"),
        ("nombre_completo", "correo_electrónico", "número_de_teléfono"),
        ("nome_e_cognome", "e-mail", "numero_di_telefono"),
        ("nom_complet", "e-mail", "numéro_de_téléphone"),
        ("imię_i_nazwisko", "adres_e-mail", "numer_telefonu"),
        ("氏名", "メールアドレス", "電話番号"),
        ("الاسم_الكامل", "البريد_الإلكتروني", "رقم_الهاتف"),
    ] {
        for form in [json!(null), json!([{"type": "full_name"}, {"type": "email"}, {"type": "phone"}])] {
            let enquiry = read(form, &[(name, "Ana Prueba"), (email, "ana@example.com"), (phone, "+4915123456789")]);
            assert_eq!(who(&enquiry), [Some("Ana Prueba"), Some("ana@example.com"), Some("+4915123456789")], "{name}");
            assert!(!enquiry.is_email_hint && !enquiry.is_phone_hint && enquiry.form_responses.is_empty());
        }
    }
    let halves = read(json!(null), &[("vorname", "Jörg"), ("nachname", "Weiß")]);
    assert_eq!(halves.name.as_deref(), Some("Jörg Weiß"));
    let both = read(json!(null), &[("full_name", "Asha Verma"), ("first_name", "Asha")]);
    assert_eq!((both.name.as_deref(), &both.form_responses["first_name"]), (Some("Asha Verma"), &json!("Asha")));
}

#[test]
fn what_a_tenant_declares_is_a_hint() {
    let questions = json!([
        {"key": "full_name", "type": "full_name", "maps_to": "industry"},
        {"key": "project", "label": "Which project?", "type": "multiple_choice",
            "options": ["sea.view@abc.example", "hill.view@abc.example"], "maps_to": "email"},
        {"key": "phone_number", "type": "phone", "maps_to": "timeline"},
    ]);
    let given = [("full_name", "Priya Sharma"), ("project", "sea.view@abc.example"), ("phone_number", "+919876548000")];
    let enquiry = read(questions, &given);
    assert_eq!(who(&enquiry), [Some("Priya Sharma"), None, Some("+919876548000")]);
    assert_eq!((enquiry.timeline.as_ref(), enquiry.industry.as_ref(), enquiry.is_phone_hint), (None, None, false));
    assert_eq!(json!(enquiry.form_responses), json!({"Which project?": "sea.view@abc.example"}));

    for declared in [json!({"maps_to": "email"}), json!({"type": "email"}), json!({})] {
        let mut question = json!({"key": "project", "label": "Which project?"});
        question.as_object_mut().unwrap().extend(declared.as_object().unwrap().clone());
        let enquiry = read(json!([question]), &[("project", "sea.view@abc.example")]);
        assert_eq!((enquiry.email.as_deref(), enquiry.is_email_hint), (Some("sea.view@abc.example"), true));
    }
    let both = read(
        json!([{"key": "a", "label": "A", "maps_to": "email"}]),
        &[("a", "a@example.com"), ("email", "me@example.com")],
    );
    assert_eq!((both.email.as_deref(), both.is_email_hint), (Some("me@example.com"), false), "the standard field wins");
    let swapped =
        read(json!([{"key": "email", "type": "email", "maps_to": "location"}]), &[("email", "me@example.com")]);
    assert_eq!((swapped.email.as_deref(), swapped.location.city), (Some("me@example.com"), None));
    let misplaced = read(json!([{"key": "q", "label": "Your city?"}]), &[("q", "9876543298")]);
    assert_eq!((misplaced.location.city, misplaced.form_responses.len()), (None, 1), "a number is no city");
}

#[test]
fn the_advertisers_own_words_count_where_the_answer_fits() {
    let enquiry = read(
        json!(null),
        &[
            ("where_may_we_e-mail_you?", "asha@example.com"),
            ("your_whatsapp_number?", "९८७६५ ४३२१०"),
            ("may_we_e-mail_you_offers?", "Yes"),
            ("which_of_these?", "none of the above"),
        ],
    );
    assert_eq!(who(&enquiry), [None, Some("asha@example.com"), Some("९८७६५ ४३२१०")]);
    assert!(!enquiry.is_email_hint && !enquiry.is_phone_hint);
    assert_eq!(
        json!(enquiry.form_responses),
        json!({"may_we_e-mail_you_offers?": "Yes", "which_of_these?": "none of the above"})
    );
}

#[test]
fn a_number_with_its_country_code_is_the_phone_whatever_the_question() {
    for typed in ["+49 170 1234567", "＋４９ １７０ １２３４５６７", "+٤٩١٧٠١٢٣٤٥٦٧", "+४९ १७० १२३४५६७"]
    {
        let enquiry = read(json!(null), &[("wie_erreichen_wir_dich_am_besten?", typed), ("full_name", "Jörg Weiß")]);
        assert_eq!((enquiry.phone.as_deref(), enquiry.is_phone_hint), (Some(typed), true));
        assert_eq!(enquiry.form_responses["wie_erreichen_wir_dich_am_besten?"], typed, "the answer stays");
    }
    let both = read(json!(null), &[("mystery", "+49 170 1234567"), ("phone_number", "98765 43210")]);
    assert_eq!((both.phone.as_deref(), both.is_phone_hint), (Some("98765 43210"), false), "asked for");
    for other in ["1701234567", "call +49 170 1234567", "+49 170", "+10 years"] {
        assert_eq!(read(json!(null), &[("mystery", other)]).phone, None, "{other}");
    }
    let choice = json!([{"key": "project", "label": "Which project?", "type": "multiple_choice", "options": ["+491701234567", "+491701234568"]}]);
    assert_eq!(read(choice, &[("project", "+491701234567")]).phone, None);
}

#[test]
fn what_stands_in_the_others_box_is_that_all_the_same() {
    let enquiry = read(
        json!(null),
        &[
            ("on_which_whatsapp_number_do_you_chat?", "asha@example.com"),
            ("where_may_we_e-mail_you?", "+919876543210"),
            ("name", "Asha"),
        ],
    );
    assert_eq!(who(&enquiry), [Some("Asha"), Some("asha@example.com"), Some("+919876543210")]);
    assert!(!enquiry.is_email_hint && !enquiry.is_phone_hint);
}

#[test]
fn of_several_numbers_the_first_ones_wording_is_kept_too() {
    let enquiry = read(
        json!(null),
        &[("whatsapp_number", "+919876543210"), ("office_phone?", "+912228901234"), ("email", "a@example.com")],
    );
    assert_eq!(enquiry.phone.as_deref(), Some("+919876543210"));
    assert_eq!(
        json!(enquiry.form_responses),
        json!({"whatsapp_number": "+919876543210", "office_phone?": "+912228901234"})
    );
    let one = read(json!(null), &[("phone_number", "+919876543210"), ("mystery", "+912228901234")]);
    assert_eq!(json!(one.form_responses), json!({"mystery": "+912228901234"}));
}

#[test]
fn halves_of_a_name_are_joined_in_their_order() {
    for (given, family, values, whole) in [
        ("first_name", "last_name", ["Asha", "Verma"], "Asha Verma"),
        ("名", "姓", ["太郎", "山田"], "山田太郎"),
        ("名", "姓", ["Taro", "Yamada"], "Yamada Taro"),
        ("keresztnév", "vezetéknév", ["Anna", "Nagy"], "Nagy Anna"),
        ("first_name", "last_name", ["민수", "김"], "김민수"),
        ("tên", "họ", ["Văn A", "Nguyễn"], "Nguyễn Văn A"),
        ("Ihr Vorname", "Ihr Nachname", ["Jörg", "Weiß"], "Jörg Weiß"),
        ("имя", "фамилия", ["Иван", "Петров"], "Иван Петров"),
    ] {
        for form in [[(given, values[0]), (family, values[1])], [(family, values[1]), (given, values[0])]] {
            assert_eq!(read(json!(null), &form).name.as_deref(), Some(whole), "{form:?}");
        }
    }
}

#[test]
fn a_postal_code_is_no_telephone() {
    let enquiry = read(json!(null), &[("CEP", "01310-100"), ("cep_telefonu", "0532 123 45 67")]);
    assert_eq!(enquiry.location.postal_code.as_deref(), Some("01310-100"));
    assert_eq!(enquiry.phone.as_deref(), Some("0532 123 45 67"));
    assert_eq!(read(json!(null), &[("cep", "0532 123 45 67")]).phone.as_deref(), Some("0532 123 45 67"));
    let worded = read(json!(null), &[("wie_lautet_ihre_plz?", "10115"), ("आपका_बजट_क्या_है?", "5 लाख")]);
    assert_eq!(worded.location.postal_code.as_deref(), Some("10115"));
    assert_eq!(worded.budget_range.as_deref(), Some("5 लाख"));
}

#[test]
fn an_address_that_can_be_read_is_preferred_and_the_other_stays_visible() {
    let enquiry = read(json!(null), &[("email", "asha@gmail,com"), ("work_email", "asha@work.example")]);
    assert_eq!(enquiry.email.as_deref(), Some("asha@work.example"));
    let further = Further { kind: DetailKind::Email, typed: "asha@gmail,com".into(), is_hint: false };
    assert_eq!(enquiry.also, [further]);
    assert_eq!(enquiry.form_responses["email"], "asha@gmail,com");
    let typed = read(json!(null), &[("email", "asha at home"), ("phone_number", "98765")]);
    assert_eq!(who(&typed), [None, Some("asha at home"), Some("98765")], "kept as typed, read later");
}

/// Whatever the order, the lengths and the repeats: every answer can be read back, in the form's order.
#[test]
fn nothing_answered_is_lost() {
    let mut seed = 0x9e37_79b9_u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let fields = [
        "age_of_child",
        "age_of_child",
        "budget",
        "Which area?",
        "email",
        "phone_number",
        "work_email",
        "city",
        "name",
        "x",
    ];
    for round in 0..200 {
        let count = 1 + random(12);
        let given: Vec<(&str, String)> = (0..count)
            .map(|n| {
                let field = fields[usize::try_from(random(10)).unwrap()];
                let text = format!("r{round}n{n}{}", "é".repeat(usize::try_from(random(3000)).unwrap()));
                (field, if field.ends_with("email") { format!("r{round}n{n}@example.com") } else { text })
            })
            .collect();
        let pairs: Vec<(&str, &str)> = given.iter().map(|(field, text)| (*field, text.as_str())).collect();
        let enquiry = read(json!(null), &pairs);
        let fields: Vec<String> = who(&enquiry).into_iter().flatten().map(Into::into).collect();
        let kept: Vec<String> =
            enquiry.form_responses.values().map(|answer| answer.as_str().unwrap().to_string()).collect();
        for (field, text) in &given {
            assert!(fields.contains(text) || kept.contains(text), "{field} {text}");
        }
        let order: Vec<usize> =
            kept.iter().map(|text| given.iter().position(|(_, given)| given == text).unwrap()).collect();
        assert!(order.is_sorted(), "{order:?}");
    }
}

#[test]
fn what_is_cut_says_so() {
    let enquiry = read(json!(null), &[("story", &"é".repeat(30_000))]);
    let kept = enquiry.form_responses["story"].as_str().unwrap();
    assert!(kept.ends_with("… (10000 more characters)"), "{}", &kept[kept.len() - 40..]);
    let long = "x".repeat(19_000);
    let many: Vec<(&str, &str)> = (0..100).map(|_| ("q", long.as_str())).collect();
    let enquiry = read(json!(null), &many);
    assert_eq!(enquiry.form_responses.len(), 100);
    assert!(json!(enquiry.form_responses).to_string().len() < MOST_OF_ALL + 100 * 300);
}
