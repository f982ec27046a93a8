package jsonata

import "strings"

// functions are those of the language, and the ones that Step Functions adds
// (partition, range, hash, uuid, parse) or changes (random). Sources:
// docs.jsonata.org, function library; Step Functions developer guide,
// "Transforming data with JSONata".
var functions = names(
	"string length substring substringBefore substringAfter uppercase lowercase trim pad contains split join match replace " +
		"base64encode base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl " +
		"number abs floor ceil round power sqrt random formatNumber formatBase formatInteger parseInteger " +
		"sum max min average boolean not exists count append sort reverse shuffle distinct zip " +
		"keys lookup spread merge sift each error assert type now millis fromMillis toMillis map filter single reduce eval " +
		"partition range hash uuid parse")

func names(list string) map[string]bool {
	set := make(map[string]bool)
	for name := range strings.FieldsSeq(list) {
		set[name] = true
	}
	return set
}

// IsFunction reports whether $NAME is a function that expressions in Step
// Functions can call, where no variable hides it.
func IsFunction(name string) bool { return functions[name] }
