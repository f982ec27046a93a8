package asl

// place is a kind of object in a definition. A field belongs to some of them.
type place uint32

const (
	inMachine place = 1 << iota
	inTask
	inPass
	inWait
	inChoice
	inParallel
	inMap
	inSucceed
	inFail
	inBranch
	inProcessor
	inProcessorConfig
	inRetrier
	inCatcher
	inRule       // an entry of Choices
	inComparison // a test inside And, Or or Not
	inItemReader
	inReaderConfig
	inItemBatcher
	inResultWriter
	inWriterConfig

	inStates  = inTask | inPass | inWait | inChoice | inParallel | inMap | inSucceed | inFail
	inScopes  = inMachine | inBranch | inProcessor
	inHandled = inTask | inParallel | inMap // states that have Retry and Catch
	inMoving  = inTask | inPass | inWait | inParallel | inMap
)

// placeOf returns the place for a state of that type.
func placeOf(t Type) place { return inMachine << t }

var placeNames = [...]string{
	"a state machine", "a Task state", "a Pass state", "a Wait state", "a Choice state", "a Parallel state",
	"a Map state", "a Succeed state", "a Fail state", "a branch", "an item processor", "ProcessorConfig",
	"a retrier", "a catcher", "a choice rule", "a nested choice rule", "ItemReader", "ReaderConfig",
	"ItemBatcher", "ResultWriter", "WriterConfig",
}

// String names a single place for a message.
func (p place) String() string {
	for i, name := range placeNames {
		if p == 1<<i {
			return name
		}
	}
	return "this object"
}

// form is what a field's value must look like.
type form uint8

const (
	formAny             form = iota
	formText                 // a string, never an expression
	formWords                // a string, or an expression in JSONata
	formBool                 // true or false
	formWhole                // a whole number between least and most, or an expression in JSONata
	formNumber               // a number between least and most, or an expression in JSONata
	formTime                 // a timestamp, or an expression in JSONata
	formPath                 // a JSONPath; in some places an intrinsic function
	formPathOrNull           //
	formReference            // a JSONPath that names one place
	formReferenceOrNull      //
	formObject               //
	formObjects              // an array of objects
	formStrings              // an array of strings
	formTemplate             // anything, with expressions inside
	formPayload              // an object with expressions inside; in JSONata an expression too
	formSelector             // the same in JSONPath; anything in JSONata
	formItems                // an array or object of items, or an expression
	formCondition            // an expression, or true or false
	formVariables            // an object that sets variables
)

// evaluated reports whether one expression may stand for the whole value in
// JSONata. It never may for what shows the states of a machine.
func (f form) evaluated() bool {
	switch f {
	case formWords, formWhole, formNumber, formTime, formTemplate, formPayload, formSelector, formItems, formCondition:
		return true
	}
	return false
}

// field numbers the fields of all places.
type field uint8

const (
	fType field = iota
	fComment
	fQueryLanguage
	fVersion
	fStartAt
	fStates
	fTimeoutSeconds
	fTimeoutSecondsPath
	fHeartbeatSeconds
	fHeartbeatSecondsPath
	fNext
	fEnd
	fInputPath
	fOutputPath
	fResultPath
	fParameters
	fResultSelector
	fArguments
	fOutput
	fAssign
	fResource
	fCredentials
	fRetry
	fCatch
	fErrorEquals
	fIntervalSeconds
	fMaxAttempts
	fBackoffRate
	fMaxDelaySeconds
	fJitterStrategy
	fResult
	fSeconds
	fSecondsPath
	fTimestamp
	fTimestampPath
	fError
	fErrorPath
	fCause
	fCausePath
	fChoices
	fDefault
	fCondition
	fVariable
	fAnd
	fOr
	fNot
	fBranches
	fItemProcessor
	fIterator
	fProcessorConfig
	fMode
	fExecutionType
	fItems
	fItemsPath
	fItemSelector
	fItemReader
	fReaderConfig
	fInputType
	fManifestType
	fTransformation
	fItemsPointer
	fCSVHeaderLocation
	fCSVHeaders
	fCSVDelimiter
	fMaxItems
	fMaxItemsPath
	fItemBatcher
	fBatchInput
	fMaxItemsPerBatch
	fMaxItemsPerBatchPath
	fMaxInputBytesPerBatch
	fMaxInputBytesPerBatchPath
	fResultWriter
	fWriterConfig
	fOutputType
	fMaxConcurrency
	fMaxConcurrencyPath
	fToleratedFailureCount
	fToleratedFailureCountPath
	fToleratedFailurePercentage
	fToleratedFailurePercentagePath
	fLabel
	fieldCount
)

// spec is what the language says of a field.
type spec struct {
	name        string
	in          place
	language    QueryLanguage // the only one that has the field; 0 for both
	form        form
	least, most float64  // of numbers
	values      []string // of strings: what is allowed; nil for anything
}

// maxSeconds is the longest time of any timer, about three years.
const maxSeconds = 99999999

// specs is the grammar of the language. The bounds are those of the Amazon
// States Language specification and of the developer guide's page on each
// field.
var specs = [fieldCount]spec{
	fType:          {name: "Type", in: inStates, form: formText},
	fComment:       {name: "Comment", in: inStates | inScopes | inRetrier | inCatcher | inRule | inComparison, form: formAny},
	fQueryLanguage: {name: "QueryLanguage", in: inStates | inMachine, form: formText},
	fVersion:       {name: "Version", in: inMachine, form: formText, values: []string{"1.0"}},
	fStartAt:       {name: "StartAt", in: inScopes, form: formText},
	fStates:        {name: "States", in: inScopes, form: formObject},

	fTimeoutSeconds:       {name: "TimeoutSeconds", in: inMachine | inTask, form: formWhole, least: 1, most: maxSeconds},
	fTimeoutSecondsPath:   {name: "TimeoutSecondsPath", in: inTask, language: JSONPath, form: formReference},
	fHeartbeatSeconds:     {name: "HeartbeatSeconds", in: inTask, form: formWhole, least: 1, most: maxSeconds},
	fHeartbeatSecondsPath: {name: "HeartbeatSecondsPath", in: inTask, language: JSONPath, form: formReference},

	fNext: {name: "Next", in: inMoving | inCatcher | inRule, form: formText},
	fEnd:  {name: "End", in: inMoving, form: formBool},

	fInputPath:      {name: "InputPath", in: inStates &^ inFail, language: JSONPath, form: formPathOrNull},
	fOutputPath:     {name: "OutputPath", in: inStates &^ inFail, language: JSONPath, form: formPathOrNull},
	fResultPath:     {name: "ResultPath", in: inHandled | inPass | inCatcher, language: JSONPath, form: formReferenceOrNull},
	fParameters:     {name: "Parameters", in: inHandled | inPass | inItemReader | inResultWriter, language: JSONPath, form: formPayload},
	fResultSelector: {name: "ResultSelector", in: inHandled, language: JSONPath, form: formPayload},
	fArguments:      {name: "Arguments", in: inTask | inParallel | inItemReader | inResultWriter, language: JSONata, form: formTemplate},
	fOutput:         {name: "Output", in: inStates&^inFail | inCatcher | inRule, language: JSONata, form: formTemplate},
	fAssign:         {name: "Assign", in: inMoving | inChoice | inCatcher | inRule, form: formVariables},

	fResource:    {name: "Resource", in: inTask | inItemReader | inResultWriter, form: formText},
	fCredentials: {name: "Credentials", in: inTask, form: formPayload},

	fRetry:           {name: "Retry", in: inHandled, form: formObjects},
	fCatch:           {name: "Catch", in: inHandled, form: formObjects},
	fErrorEquals:     {name: "ErrorEquals", in: inRetrier | inCatcher, form: formStrings},
	fIntervalSeconds: {name: "IntervalSeconds", in: inRetrier, form: formWhole, least: 1, most: maxSeconds},
	fMaxAttempts:     {name: "MaxAttempts", in: inRetrier, form: formWhole, least: 0, most: maxSeconds},
	fBackoffRate:     {name: "BackoffRate", in: inRetrier, form: formNumber, least: 1, most: 1e308},
	fMaxDelaySeconds: {name: "MaxDelaySeconds", in: inRetrier, form: formWhole, least: 1, most: 31622400},
	fJitterStrategy:  {name: "JitterStrategy", in: inRetrier, form: formWords, values: []string{"FULL", "NONE"}},

	fResult: {name: "Result", in: inPass, language: JSONPath, form: formAny},

	fSeconds:       {name: "Seconds", in: inWait, form: formWhole, least: 0, most: maxSeconds},
	fSecondsPath:   {name: "SecondsPath", in: inWait, language: JSONPath, form: formReference},
	fTimestamp:     {name: "Timestamp", in: inWait, form: formTime},
	fTimestampPath: {name: "TimestampPath", in: inWait, language: JSONPath, form: formReference},

	fError:     {name: "Error", in: inFail, form: formWords},
	fErrorPath: {name: "ErrorPath", in: inFail, language: JSONPath, form: formPath},
	fCause:     {name: "Cause", in: inFail, form: formWords},
	fCausePath: {name: "CausePath", in: inFail, language: JSONPath, form: formPath},

	fChoices:   {name: "Choices", in: inChoice, form: formObjects},
	fDefault:   {name: "Default", in: inChoice, form: formText},
	fCondition: {name: "Condition", in: inRule, language: JSONata, form: formCondition},
	fVariable:  {name: "Variable", in: inRule | inComparison, language: JSONPath, form: formPath},
	fAnd:       {name: "And", in: inRule | inComparison, language: JSONPath, form: formObjects},
	fOr:        {name: "Or", in: inRule | inComparison, language: JSONPath, form: formObjects},
	fNot:       {name: "Not", in: inRule | inComparison, language: JSONPath, form: formAny},

	fBranches: {name: "Branches", in: inParallel, form: formObjects},

	fItemProcessor:   {name: "ItemProcessor", in: inMap, form: formObject},
	fIterator:        {name: "Iterator", in: inMap, form: formObject},
	fProcessorConfig: {name: "ProcessorConfig", in: inProcessor, form: formObject},
	fMode:            {name: "Mode", in: inProcessorConfig, form: formText, values: []string{"INLINE", "DISTRIBUTED"}},
	fExecutionType:   {name: "ExecutionType", in: inProcessorConfig, form: formText, values: []string{"STANDARD", "EXPRESS"}},
	fItems:           {name: "Items", in: inMap, language: JSONata, form: formItems},
	fItemsPath:       {name: "ItemsPath", in: inMap, language: JSONPath, form: formPath},
	fItemSelector:    {name: "ItemSelector", in: inMap, form: formSelector},

	fItemReader:        {name: "ItemReader", in: inMap, form: formObject},
	fReaderConfig:      {name: "ReaderConfig", in: inItemReader, form: formObject},
	fInputType:         {name: "InputType", in: inReaderConfig, form: formText, values: []string{"CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"}},
	fManifestType:      {name: "ManifestType", in: inReaderConfig, form: formText, values: []string{"ATHENA_DATA", "S3_INVENTORY"}},
	fTransformation:    {name: "Transformation", in: inReaderConfig | inWriterConfig, form: formText},
	fItemsPointer:      {name: "ItemsPointer", in: inReaderConfig, form: formWords},
	fCSVHeaderLocation: {name: "CSVHeaderLocation", in: inReaderConfig, form: formText, values: []string{"FIRST_ROW", "GIVEN"}},
	fCSVHeaders:        {name: "CSVHeaders", in: inReaderConfig, form: formStrings},
	fCSVDelimiter:      {name: "CSVDelimiter", in: inReaderConfig, form: formText, values: []string{"COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"}},
	fMaxItems:          {name: "MaxItems", in: inReaderConfig, form: formWhole, least: 0, most: 100000000},
	fMaxItemsPath:      {name: "MaxItemsPath", in: inReaderConfig, language: JSONPath, form: formReference},

	fItemBatcher:               {name: "ItemBatcher", in: inMap, form: formObject},
	fBatchInput:                {name: "BatchInput", in: inItemBatcher, form: formSelector},
	fMaxItemsPerBatch:          {name: "MaxItemsPerBatch", in: inItemBatcher, form: formWhole, least: 1, most: 100000000},
	fMaxItemsPerBatchPath:      {name: "MaxItemsPerBatchPath", in: inItemBatcher, language: JSONPath, form: formReference},
	fMaxInputBytesPerBatch:     {name: "MaxInputBytesPerBatch", in: inItemBatcher, form: formWhole, least: 1, most: 262144},
	fMaxInputBytesPerBatchPath: {name: "MaxInputBytesPerBatchPath", in: inItemBatcher, language: JSONPath, form: formReference},

	fResultWriter: {name: "ResultWriter", in: inMap, form: formObject},
	fWriterConfig: {name: "WriterConfig", in: inResultWriter, form: formObject},
	fOutputType:   {name: "OutputType", in: inWriterConfig, form: formText, values: []string{"JSON", "JSONL"}},

	fMaxConcurrency:                 {name: "MaxConcurrency", in: inMap, form: formWhole, least: 0, most: maxSeconds},
	fMaxConcurrencyPath:             {name: "MaxConcurrencyPath", in: inMap, language: JSONPath, form: formReference},
	fToleratedFailureCount:          {name: "ToleratedFailureCount", in: inMap, form: formWhole, least: 0, most: 100000000},
	fToleratedFailureCountPath:      {name: "ToleratedFailureCountPath", in: inMap, language: JSONPath, form: formReference},
	fToleratedFailurePercentage:     {name: "ToleratedFailurePercentage", in: inMap, form: formNumber, least: 0, most: 100},
	fToleratedFailurePercentagePath: {name: "ToleratedFailurePercentagePath", in: inMap, language: JSONPath, form: formReference},
	fLabel:                          {name: "Label", in: inMap, form: formText},
}

// fieldsByLetter chains the fields whose names begin with the same letter: few
// do, so looking there takes half the time of a map, and a definition has many
// fields. fieldCount ends a chain.
var fieldsByLetter = func() (chains struct {
	first [256]field
	next  [fieldCount]field
}) {
	for letter := range chains.first {
		chains.first[letter] = fieldCount
	}
	for f := range fieldCount {
		letter := specs[f].name[0]
		chains.next[f], chains.first[letter] = chains.first[letter], f
	}
	return chains
}()

// fieldByName finds a field; a name means the same field wherever it stands.
func fieldByName(name string) (f field, ok bool) {
	if name == "" {
		return 0, false
	}
	for f := fieldsByLetter.first[name[0]]; f < fieldCount; f = fieldsByLetter.next[f] {
		if specs[f].name == name {
			return f, true
		}
	}
	return 0, false
}

// operators are the comparisons of choice rules in JSONPath and the form of
// their operands.
var operators = func() map[string]form {
	m := map[string]form{
		"IsNull": formBool, "IsPresent": formBool, "IsNumeric": formBool, "IsString": formBool, "IsBoolean": formBool, "IsTimestamp": formBool,
		"BooleanEquals": formBool, "BooleanEqualsPath": formPath, "StringMatches": formText,
	}
	for prefix, operand := range map[string]form{"String": formText, "Numeric": formNumber, "Timestamp": formTime} {
		for _, relation := range []string{"Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"} {
			m[prefix+relation] = operand
			m[prefix+relation+"Path"] = formPath
		}
	}
	return m
}()
