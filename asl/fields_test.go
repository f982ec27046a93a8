package asl

import "testing"

func TestSpecs(t *testing.T) {
	for f := range fieldCount {
		sp := &specs[f]
		if sp.name == "" || sp.in == 0 {
			t.Errorf("field %d has no spec", f)
		}
		if found, ok := fieldByName(sp.name); found != f || !ok {
			t.Errorf("two fields are named %s", sp.name)
		}
		if numeric := sp.form == formWhole || sp.form == formNumber; numeric != (sp.most > 0) {
			t.Errorf("%s: bounds do not fit its form", sp.name)
		}
		if _, both := operators[sp.name]; both {
			t.Errorf("%s is both a field and a comparison", sp.name)
		}
	}
	if _, ok := fieldByName(""); ok {
		t.Error("a field has no name")
	}
	if inWriterConfig.String() != "WriterConfig" || inMachine.String() != "a state machine" || placeOf(TypeFail) != inFail {
		t.Error("places and their names do not fit")
	}
	if len(operators) != 39 {
		t.Errorf("%d comparisons", len(operators))
	}
}
