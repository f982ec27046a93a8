package asl

import (
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

func (r *reader) readTask(s *State, o *element) {
	if !o.has(fResource) {
		r.missing(o, "Resource", "the ARN of what to call", "a Task state needs a Resource")
	}
	s.Task = &Task{
		Resource:         o.literal(fResource),
		Arguments:        o.arguments(),
		Credentials:      o.evaluated(fCredentials),
		TimeoutSeconds:   o.either(fTimeoutSeconds, fTimeoutSecondsPath),
		HeartbeatSeconds: o.either(fHeartbeatSeconds, fHeartbeatSecondsPath),
	}
	r.exclusive(o, fTimeoutSeconds, fTimeoutSecondsPath)
	r.exclusive(o, fHeartbeatSeconds, fHeartbeatSecondsPath)
	timeout, known := s.Task.TimeoutSeconds.Int()
	if heartbeat, ok := s.Task.HeartbeatSeconds.Int(); ok && known && heartbeat >= timeout {
		r.fail("BAD_FIELD_VALUE", s.Task.HeartbeatSeconds.Span(), "", "HeartbeatSeconds must be smaller than TimeoutSeconds, which is %d", timeout)
	}
}

func (r *reader) readWait(s *State, o *element) {
	s.Wait = &Wait{Seconds: o.either(fSeconds, fSecondsPath), Timestamp: o.either(fTimestamp, fTimestampPath)}
	if !s.Wait.Seconds.Exists() && !s.Wait.Timestamp.Exists() {
		r.missing(o, "Seconds", "or Timestamp, or in JSONPath SecondsPath or TimestampPath", "a Wait state needs to know how long")
	}
	r.exclusive(o, fSeconds, fSecondsPath, fTimestamp, fTimestampPath)
}

func (r *reader) readFail(s *State, o *element) {
	s.Fail = &Fail{Error: o.either(fError, fErrorPath), Cause: o.either(fCause, fCausePath)}
	r.exclusive(o, fError, fErrorPath)
	r.exclusive(o, fCause, fCausePath)
}

func (r *reader) readParallel(s *State, o *element) {
	s.Parallel = &Parallel{Arguments: o.arguments()}
	branches := o.get(fBranches)
	if branches == nil {
		r.missing(o, "Branches", "", "a Parallel state needs Branches")
		return
	}
	s.Parallel.Branches = make([]Scope, len(branches.Items))
	for i := range branches.Items {
		b := element{place: inBranch, head: opening(&branches.Items[i])}
		if r.open(&b, &branches.Items[i]) {
			r.readScope(&s.Parallel.Branches[i], &b, s)
		} else {
			s.Parallel.Branches[i] = Scope{Parent: s, Span: branches.Items[i].Span}
		}
	}
}

// opening is the first byte of a value: the bracket of a container.
func opening(v *jsontree.Value) source.Span {
	return source.Span{Start: v.Span.Start, End: min(v.Span.Start+1, v.Span.End)}
}

func (r *reader) readRetry(o *element) []Retrier {
	list := o.get(fRetry)
	if list == nil || len(list.Items) == 0 {
		return nil
	}
	out := make([]Retrier, len(list.Items))
	for i := range list.Items {
		out[i].Span = list.Items[i].Span
		t := element{place: inRetrier, language: o.language, head: opening(&list.Items[i])}
		if r.open(&t, &list.Items[i]) {
			r.checkErrors(&t, i == len(list.Items)-1)
			out[i] = Retrier{
				Span:            t.value.Span,
				ErrorEquals:     t.literal(fErrorEquals),
				IntervalSeconds: t.evaluated(fIntervalSeconds),
				MaxAttempts:     t.evaluated(fMaxAttempts),
				BackoffRate:     t.evaluated(fBackoffRate),
				MaxDelaySeconds: t.evaluated(fMaxDelaySeconds),
				JitterStrategy:  t.evaluated(fJitterStrategy),
			}
		}
	}
	return out
}

func (r *reader) readCatch(o *element) []Catcher {
	list := o.get(fCatch)
	if list == nil || len(list.Items) == 0 {
		return nil
	}
	out := make([]Catcher, len(list.Items))
	for i := range list.Items {
		out[i].Span = list.Items[i].Span
		t := element{place: inCatcher, language: o.language, head: opening(&list.Items[i])}
		if r.open(&t, &list.Items[i]) {
			r.checkErrors(&t, i == len(list.Items)-1)
			if !t.has(fNext) {
				r.missing(&t, "Next", "the state that handles the error", "a catcher needs Next")
			}
			out[i] = Catcher{
				Span:        t.value.Span,
				ErrorEquals: t.literal(fErrorEquals),
				Next:        t.target(fNext),
				ResultPath:  t.path(fResultPath),
				Output:      t.evaluated(fOutput),
				Assign:      t.evaluated(fAssign),
			}
		}
	}
	return out
}

func (r *reader) readMap(s *State, o *element) {
	s.Map = &Map{
		Items:                      o.evaluated(fItems),
		ItemSelector:               o.evaluated(fItemSelector),
		MaxConcurrency:             o.either(fMaxConcurrency, fMaxConcurrencyPath),
		ToleratedFailureCount:      o.either(fToleratedFailureCount, fToleratedFailureCountPath),
		ToleratedFailurePercentage: o.either(fToleratedFailurePercentage, fToleratedFailurePercentagePath),
		Label:                      o.literal(fLabel),
	}
	if !s.Map.Items.Exists() {
		s.Map.Items = o.path(fItemsPath)
	}
	if !s.Map.ItemSelector.Exists() {
		s.Map.ItemSelector = o.evaluated(fParameters)
	}
	r.exclusive(o, fItemSelector, fParameters)
	r.exclusive(o, fMaxConcurrency, fMaxConcurrencyPath)
	r.exclusive(o, fToleratedFailureCount, fToleratedFailureCountPath)
	r.exclusive(o, fToleratedFailurePercentage, fToleratedFailurePercentagePath)
	r.readProcessor(s, o)
	s.Map.ItemReader = r.readItemReader(o)
	s.Map.ItemBatcher = r.readItemBatcher(o)
	s.Map.ResultWriter = r.readResultWriter(o)
	r.checkMap(s, o)
}

func (r *reader) readProcessor(s *State, o *element) {
	r.exclusive(o, fItemProcessor, fIterator)
	v := o.get(fItemProcessor)
	if v == nil {
		v = o.get(fIterator)
	}
	s.Map.Processor.Parent = s
	if v == nil {
		r.missing(o, "ItemProcessor", "", "a Map state needs an ItemProcessor")
		return
	}
	p := element{place: inProcessor, head: opening(v)}
	if v.Kind != jsontree.Object {
		return
	}
	r.open(&p, v)
	if config := p.get(fProcessorConfig); config.Is(jsontree.Object) {
		c := element{place: inProcessorConfig, head: opening(config)}
		r.open(&c, config)
		s.Map.Distributed = c.text(fMode) == "DISTRIBUTED"
		s.Map.ExecutionType = c.literal(fExecutionType)
		if s.Map.Distributed && !c.has(fExecutionType) {
			r.missing(&c, "ExecutionType", `"STANDARD" or "EXPRESS"`, "a distributed map needs an ExecutionType")
		}
	}
	r.readScope(&s.Map.Processor, &p, s)
}

func (r *reader) readItemReader(o *element) *ItemReader {
	v := o.get(fItemReader)
	t := element{place: inItemReader, language: o.language}
	if !r.openPart(&t, v) {
		return nil
	}
	if !t.has(fResource) {
		r.missing(&t, "Resource", "arn:aws:states:::s3:getObject or arn:aws:states:::s3:listObjectsV2", "ItemReader needs a Resource")
	}
	reader := &ItemReader{Span: v.Span, Resource: t.literal(fResource), Arguments: t.arguments()}
	c := element{place: inReaderConfig, language: o.language}
	if r.openPart(&c, t.get(fReaderConfig)) {
		r.checkValues(&c, fTransformation, "NONE", "LOAD_AND_FLATTEN")
		r.exclusive(&c, fMaxItems, fMaxItemsPath)
		if c.text(fCSVHeaderLocation) == "GIVEN" && !c.has(fCSVHeaders) {
			r.missing(&c, "CSVHeaders", "an array of names", `a CSVHeaderLocation of "GIVEN" needs CSVHeaders`)
		}
		reader.InputType = c.literal(fInputType)
		reader.ManifestType = c.literal(fManifestType)
		reader.Transformation = c.literal(fTransformation)
		reader.ItemsPointer = c.evaluated(fItemsPointer)
		reader.CSVHeaderLocation = c.literal(fCSVHeaderLocation)
		reader.CSVHeaders = c.literal(fCSVHeaders)
		reader.CSVDelimiter = c.literal(fCSVDelimiter)
		reader.MaxItems = c.either(fMaxItems, fMaxItemsPath)
	}
	return reader
}

// openPart opens a field that holds an object; false where it does not.
func (r *reader) openPart(t *element, v *jsontree.Value) bool {
	if !v.Is(jsontree.Object) {
		return false
	}
	t.head = opening(v)
	return r.open(t, v)
}

func (r *reader) readItemBatcher(o *element) *ItemBatcher {
	t := element{place: inItemBatcher, language: o.language}
	if !r.openPart(&t, o.get(fItemBatcher)) {
		return nil
	}
	r.exclusive(&t, fMaxItemsPerBatch, fMaxItemsPerBatchPath)
	r.exclusive(&t, fMaxInputBytesPerBatch, fMaxInputBytesPerBatchPath)
	b := &ItemBatcher{
		Span:                  t.value.Span,
		BatchInput:            t.evaluated(fBatchInput),
		MaxItemsPerBatch:      t.either(fMaxItemsPerBatch, fMaxItemsPerBatchPath),
		MaxInputBytesPerBatch: t.either(fMaxInputBytesPerBatch, fMaxInputBytesPerBatchPath),
	}
	if !b.MaxItemsPerBatch.Exists() && !b.MaxInputBytesPerBatch.Exists() {
		r.missing(&t, "MaxItemsPerBatch", "or MaxInputBytesPerBatch", "ItemBatcher needs to know how large a batch may be")
	}
	return b
}

func (r *reader) readResultWriter(o *element) *ResultWriter {
	t := element{place: inResultWriter, language: o.language}
	if !r.openPart(&t, o.get(fResultWriter)) {
		return nil
	}
	w := &ResultWriter{Span: t.value.Span, Resource: t.literal(fResource), Arguments: t.arguments()}
	if w.Arguments.Exists() && !w.Resource.Exists() {
		r.missing(&t, "Resource", "arn:aws:states:::s3:putObject", "ResultWriter needs a Resource")
	}
	c := element{place: inWriterConfig, language: o.language}
	if r.openPart(&c, t.get(fWriterConfig)) {
		r.checkValues(&c, fTransformation, "NONE", "COMPACT", "FLATTEN")
		w.Transformation, w.OutputType = c.literal(fTransformation), c.literal(fOutputType)
	} else if !w.Resource.Exists() && !w.Arguments.Exists() {
		r.missing(&t, "Resource", "or WriterConfig", "ResultWriter says neither where to write nor in what form")
	}
	return w
}
