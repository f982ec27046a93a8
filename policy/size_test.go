package policy

import "testing"

func TestSize(t *testing.T) {
	for _, tt := range []struct {
		text           string
		size, measured int
	}{
		{`{"Statement":{"Effect":"Allow","Action":"*"}}`, 45, 45},
		{" {\n \"Statement\": {\"Effect\": \"Allow\", \"Action\": \"*\"} } ", 45, 52},
		{`{"Statement":{"Effect":"Allow","Action":"é 世"}}`, 47, 47},
		{`{"Statement":{"Effect":"Allow","Action":"\u00e9"}}`, 45, 50},
	} {
		doc := mustParse(t, tt.text)
		if got := Size(doc); got != tt.size {
			t.Errorf("Size(%s) = %d, want %d", tt.text, got, tt.size)
		}
		if got := (Quota{WhiteSpace: true}).Measure(doc); got != tt.measured {
			t.Errorf("with white space %s measures %d, want %d", tt.text, got, tt.measured)
		}
		if got := (Quota{}).Measure(doc); got != tt.size {
			t.Errorf("without white space %s measures %d, want %d", tt.text, got, tt.size)
		}
	}
	built := &Document{Version: Version2012, Statements: []Statement{{Effect: Deny, Action: String("*"), Resource: String("*")}}}
	if got, want := (Quota{WhiteSpace: true}).Measure(built), len(built.String()); got != want {
		t.Errorf("a built document measures %d, want %d", got, want)
	}
}

func TestQuotas(t *testing.T) {
	for _, q := range Quotas() {
		if q.Limit <= 0 || q.Source == "" || q.RaisableTo != 0 && q.RaisableTo <= q.Limit {
			t.Errorf("odd quota %+v", q)
		}
		if found, ok := FindQuota(q.Name); !ok || found != q {
			t.Errorf("FindQuota(%q) = %+v, %v", q.Name, found, ok)
		}
	}
	if q, ok := FindQuota(QuotaManaged); !ok || q.Limit != 6144 || q.WhiteSpace {
		t.Errorf("managed policies have %+v", q)
	}
	if _, ok := FindQuota("none"); ok {
		t.Error("found a quota that does not exist")
	}
}
