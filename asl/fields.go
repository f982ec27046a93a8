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
	anything   form = iota
	text            // a string, never an expression
	words           // a string, or an expression in JSONata
	flag            // true or false
	whole           // a whole number between least and most, or an expression in JSONata
	number          // a number between least and most, or an expression in JSONata
	moment          // a timestamp, or an expression in JSONata
	path            // a JSONPath; in some places an intrinsic function
	pathOrNull      //
	reference       // a JSONPath that names one place
	referenceOrNull
	object
	objects // an array of objects
	stringList
	template  // anything, with expressions inside
	variables // an object that sets variables
)

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
	least, most float64  // of whole and number
	values      []string // of text and words: what is allowed; nil for anything
}

// maxSeconds is the longest time of any timer, about three years.
const maxSeconds = 99999999

// specs is the grammar of the language. The bounds are those of the Amazon
// States Language specification and of the developer guide's page on each
// field.
var specs = [fieldCount]spec{
	fType:          {name: "Type", in: inStates, form: text},
	fComment:       {name: "Comment", in: inStates | inScopes | inRetrier | inCatcher | inRule | inComparison, form: anything},
	fQueryLanguage: {name: "QueryLanguage", in: inStates | inMachine, form: text},
	fVersion:       {name: "Version", in: inMachine, form: text, values: []string{"1.0"}},
	fStartAt:       {name: "StartAt", in: inScopes, form: text},
	fStates:        {name: "States", in: inScopes, form: object},

	fTimeoutSeconds:       {name: "TimeoutSeconds", in: inMachine | inTask, form: whole, least: 1, most: maxSeconds},
	fTimeoutSecondsPath:   {name: "TimeoutSecondsPath", in: inTask, language: JSONPath, form: reference},
	fHeartbeatSeconds:     {name: "HeartbeatSeconds", in: inTask, form: whole, least: 1, most: maxSeconds},
	fHeartbeatSecondsPath: {name: "HeartbeatSecondsPath", in: inTask, language: JSONPath, form: reference},

	fNext: {name: "Next", in: inMoving | inCatcher | inRule, form: text},
	fEnd:  {name: "End", in: inMoving, form: flag},

	fInputPath:      {name: "InputPath", in: inStates &^ inFail, language: JSONPath, form: pathOrNull},
	fOutputPath:     {name: "OutputPath", in: inStates &^ inFail, language: JSONPath, form: pathOrNull},
	fResultPath:     {name: "ResultPath", in: inHandled | inPass | inCatcher, language: JSONPath, form: referenceOrNull},
	fParameters:     {name: "Parameters", in: inHandled | inPass | inItemReader | inResultWriter, language: JSONPath, form: template},
	fResultSelector: {name: "ResultSelector", in: inHandled, language: JSONPath, form: template},
	fArguments:      {name: "Arguments", in: inTask | inParallel | inItemReader | inResultWriter, language: JSONata, form: template},
	fOutput:         {name: "Output", in: inStates&^inFail | inCatcher | inRule, language: JSONata, form: template},
	fAssign:         {name: "Assign", in: inMoving | inChoice | inCatcher | inRule, form: variables},

	fResource:    {name: "Resource", in: inTask | inItemReader | inResultWriter, form: text},
	fCredentials: {name: "Credentials", in: inTask, form: template},

	fRetry:           {name: "Retry", in: inHandled, form: objects},
	fCatch:           {name: "Catch", in: inHandled, form: objects},
	fErrorEquals:     {name: "ErrorEquals", in: inRetrier | inCatcher, form: stringList},
	fIntervalSeconds: {name: "IntervalSeconds", in: inRetrier, form: whole, least: 1, most: maxSeconds},
	fMaxAttempts:     {name: "MaxAttempts", in: inRetrier, form: whole, least: 0, most: maxSeconds},
	fBackoffRate:     {name: "BackoffRate", in: inRetrier, form: number, least: 1, most: 1e308},
	fMaxDelaySeconds: {name: "MaxDelaySeconds", in: inRetrier, form: whole, least: 1, most: 31622400},
	fJitterStrategy:  {name: "JitterStrategy", in: inRetrier, form: words, values: []string{"FULL", "NONE"}},

	fResult: {name: "Result", in: inPass, language: JSONPath, form: anything},

	fSeconds:       {name: "Seconds", in: inWait, form: whole, least: 0, most: maxSeconds},
	fSecondsPath:   {name: "SecondsPath", in: inWait, language: JSONPath, form: reference},
	fTimestamp:     {name: "Timestamp", in: inWait, form: moment},
	fTimestampPath: {name: "TimestampPath", in: inWait, language: JSONPath, form: reference},

	fError:     {name: "Error", in: inFail, form: words},
	fErrorPath: {name: "ErrorPath", in: inFail, language: JSONPath, form: path},
	fCause:     {name: "Cause", in: inFail, form: words},
	fCausePath: {name: "CausePath", in: inFail, language: JSONPath, form: path},

	fChoices:   {name: "Choices", in: inChoice, form: objects},
	fDefault:   {name: "Default", in: inChoice, form: text},
	fCondition: {name: "Condition", in: inRule, language: JSONata, form: template},
	fVariable:  {name: "Variable", in: inRule | inComparison, language: JSONPath, form: path},
	fAnd:       {name: "And", in: inRule | inComparison, language: JSONPath, form: objects},
	fOr:        {name: "Or", in: inRule | inComparison, language: JSONPath, form: objects},
	fNot:       {name: "Not", in: inRule | inComparison, language: JSONPath, form: object},

	fBranches: {name: "Branches", in: inParallel, form: objects},

	fItemProcessor:   {name: "ItemProcessor", in: inMap, form: object},
	fIterator:        {name: "Iterator", in: inMap, form: object},
	fProcessorConfig: {name: "ProcessorConfig", in: inProcessor, form: object},
	fMode:            {name: "Mode", in: inProcessorConfig, form: text, values: []string{"INLINE", "DISTRIBUTED"}},
	fExecutionType:   {name: "ExecutionType", in: inProcessorConfig, form: text, values: []string{"STANDARD", "EXPRESS"}},
	fItems:           {name: "Items", in: inMap, language: JSONata, form: template},
	fItemsPath:       {name: "ItemsPath", in: inMap, language: JSONPath, form: path},
	fItemSelector:    {name: "ItemSelector", in: inMap, form: template},

	fItemReader:        {name: "ItemReader", in: inMap, form: object},
	fReaderConfig:      {name: "ReaderConfig", in: inItemReader, form: object},
	fInputType:         {name: "InputType", in: inReaderConfig, form: text, values: []string{"CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"}},
	fManifestType:      {name: "ManifestType", in: inReaderConfig, form: text, values: []string{"ATHENA_DATA", "S3_INVENTORY"}},
	fTransformation:    {name: "Transformation", in: inReaderConfig | inWriterConfig, form: text},
	fItemsPointer:      {name: "ItemsPointer", in: inReaderConfig, form: words},
	fCSVHeaderLocation: {name: "CSVHeaderLocation", in: inReaderConfig, form: text, values: []string{"FIRST_ROW", "GIVEN"}},
	fCSVHeaders:        {name: "CSVHeaders", in: inReaderConfig, form: stringList},
	fCSVDelimiter:      {name: "CSVDelimiter", in: inReaderConfig, form: text, values: []string{"COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"}},
	fMaxItems:          {name: "MaxItems", in: inReaderConfig, form: whole, least: 0, most: 100000000},
	fMaxItemsPath:      {name: "MaxItemsPath", in: inReaderConfig, language: JSONPath, form: reference},

	fItemBatcher:               {name: "ItemBatcher", in: inMap, form: object},
	fBatchInput:                {name: "BatchInput", in: inItemBatcher, form: template},
	fMaxItemsPerBatch:          {name: "MaxItemsPerBatch", in: inItemBatcher, form: whole, least: 1, most: 100000000},
	fMaxItemsPerBatchPath:      {name: "MaxItemsPerBatchPath", in: inItemBatcher, language: JSONPath, form: reference},
	fMaxInputBytesPerBatch:     {name: "MaxInputBytesPerBatch", in: inItemBatcher, form: whole, least: 1, most: 262144},
	fMaxInputBytesPerBatchPath: {name: "MaxInputBytesPerBatchPath", in: inItemBatcher, language: JSONPath, form: reference},

	fResultWriter: {name: "ResultWriter", in: inMap, form: object},
	fWriterConfig: {name: "WriterConfig", in: inResultWriter, form: object},
	fOutputType:   {name: "OutputType", in: inWriterConfig, form: text, values: []string{"JSON", "JSONL"}},

	fMaxConcurrency:                 {name: "MaxConcurrency", in: inMap, form: whole, least: 0, most: maxSeconds},
	fMaxConcurrencyPath:             {name: "MaxConcurrencyPath", in: inMap, language: JSONPath, form: reference},
	fToleratedFailureCount:          {name: "ToleratedFailureCount", in: inMap, form: whole, least: 0, most: 100000000},
	fToleratedFailureCountPath:      {name: "ToleratedFailureCountPath", in: inMap, language: JSONPath, form: reference},
	fToleratedFailurePercentage:     {name: "ToleratedFailurePercentage", in: inMap, form: number, least: 0, most: 100},
	fToleratedFailurePercentagePath: {name: "ToleratedFailurePercentagePath", in: inMap, language: JSONPath, form: reference},
	fLabel:                          {name: "Label", in: inMap, form: text},
}

// fieldByName finds a field; a name means the same field wherever it stands.
var fieldByName = func() map[string]field {
	m := make(map[string]field, fieldCount)
	for f := range fieldCount {
		m[specs[f].name] = f
	}
	return m
}()

// operators are the comparisons of choice rules in JSONPath and the form of
// their operands.
var operators = func() map[string]form {
	m := map[string]form{
		"IsNull": flag, "IsPresent": flag, "IsNumeric": flag, "IsString": flag, "IsBoolean": flag, "IsTimestamp": flag,
		"BooleanEquals": flag, "BooleanEqualsPath": path, "StringMatches": text,
	}
	for prefix, operand := range map[string]form{"String": text, "Numeric": number, "Timestamp": moment} {
		for _, relation := range []string{"Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"} {
			m[prefix+relation] = operand
			m[prefix+relation+"Path"] = path
		}
	}
	return m
}()
