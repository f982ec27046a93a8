package roles

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/ecs"
	"github.com/writ-iam/writ/source"
)

// container finds what a container needs before and while it runs.
func (t *taskGenerator) container(c *ecs.Container) {
	t.image(c)
	t.secrets(t.td.File, c.Name, c.Secrets)
	if c.Credentials.Value != "" {
		t.credentials(c)
	}
	for _, f := range c.EnvironmentFiles {
		t.file("file", c.Name, f)
	}
	for _, f := range c.RouterFiles {
		t.file("router-file", c.Name, f)
	}
	for _, spec := range c.CredentialSpecs {
		t.credentialSpec(c.Name, spec)
	}
	t.logs(t.td.File, c.Name, c.Logs)
	if c.FireLens != nil && strings.EqualFold(c.FireLens.Options.Get("config-file-type").Value, "s3") {
		t.file("file", c.Name, c.FireLens.Options.Get("config-file-value"))
	}
}

func (t *taskGenerator) image(c *ecs.Container) {
	if c.Image.Value == "" {
		t.report("IMAGE_UNKNOWN", source.Warning, t.td.File, ecs.Text{Span: c.Span, Path: c.Path}, fmt.Sprintf("container %q names no image", c.Name), unknownImage)
		return
	}
	image, ok := ecs.ParseImage(c.Image.Value)
	isOpen := func(text string) bool { return strings.ContainsFunc(text, func(r rune) bool { return !inImage(r) }) }
	host, _, _ := strings.Cut(c.Image.Value, "/")
	switch {
	case ok && image.Private:
	case isOpen(host) || ok && isOpen(c.Image.Value):
		t.report("IMAGE_UNKNOWN", source.Warning, t.td.File, c.Image, fmt.Sprintf("%q stands for an image that is filled in later", source.Clip(c.Image.Value, 200)), unknownImage)
		return
	case !ok:
		t.bad(t.td.File, c.Image, "the name of an image", "write it as ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG, with 12 digits for the account, or as a registry elsewhere has it")
		return
	default: // elsewhere, which takes no permission of AWS
		return
	}
	place := captures{{name: "partition", value: image.Partition}, {name: "region", value: image.Region}, {name: "account", value: image.Account}, {name: "repository", value: image.Repository}}
	t.need("image", c.Name, "", place...)
	t.pullThrough(c, image.Repository, place)
	t.foreign(t.td.File, c.Image, image.Account, "repository "+image.Repository, "its repository policy must let this account pull")
}

// pullThrough grants what a cache needs to fetch an image that it does not have
// yet, or says that a repository looks like one of a cache.
func (t *taskGenerator) pullThrough(c *ecs.Container, repository string, place captures) {
	prefix, _, nested := strings.Cut(repository, "/")
	isCached := func(p string) bool {
		return p == everyRepository || strings.HasPrefix(repository, strings.TrimSuffix(p, "/")+"/")
	}
	switch {
	case slices.ContainsFunc(t.more.PullThrough, isCached):
		t.need("pull-through-cache", c.Name, "", place...)
	case nested && slices.Contains(strings.Fields(cachePrefixes), prefix):
		t.report("PULL_THROUGH_CACHE", source.Suggestion, t.td.File, c.Image, "the repository is called like one of a pull through cache, which needs ecr:BatchImportUpstreamImage and ecr:CreateRepository as well",
			"if it is one, give --pull-through-cache "+prefix)
	}
}

const unknownImage = "if it is one of Amazon ECR, the execution role must be allowed to pull it: give the task definition with the image in it"

// inImage reports whether a character can stand in the name of an image. Others
// are those of placeholders.
func inImage(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._/:@+-", r)
}

// foreign tells of a resource of another account.
func (t *taskGenerator) foreign(file *source.File, at ecs.Text, account, what, must string) {
	if account == "" || t.opts.Account == "" || account == t.opts.Account || isReference(t.opts.Account) {
		return
	}
	t.report("RESOURCE_POLICY_NEEDED", source.Warning, file, at, fmt.Sprintf("%s belongs to account %s: what this role allows is not enough", what, account), must)
}

func (t *taskGenerator) secrets(file *source.File, who string, secrets []ecs.Secret) {
	for _, s := range secrets {
		ref, ok := ecs.ParseReference(s.From.Value)
		if !ok {
			t.bad(file, s.From, "a secret or a parameter", "write the ARN of a secret (with :JSON-KEY:STAGE:VERSION after it, or without), or the name or ARN of a parameter")
			continue
		}
		t.reference(file, who, s.From, ref)
	}
}

// reference grants reading one secret or parameter.
func (t *taskGenerator) reference(file *source.File, who string, at ecs.Text, ref ecs.Reference) {
	place := captures{}
	if ref.Account != "" {
		place = captures{{name: "partition", value: ref.Partition}, {name: "region", value: ref.Region}, {name: "account", value: ref.Account}}
	}
	what, must := "secret "+ref.Name, "its resource policy must let this role read it, and it must be encrypted with a key of its own account whose policy lets this role decrypt"
	if ref.Parameter {
		what, must = "parameter "+ref.Name, "it must be an advanced parameter that is shared with this account"
	}
	t.foreign(file, at, ref.Account, what, must)
	if !ref.Parameter {
		t.secret(who, ref, place)
		return
	}
	t.need("parameters", who, "", append(place, capture{name: "parameter", value: ref.Name})...)
	t.mayBeEncrypted("ssm", place)
	if name, ok := ref.ReferencedSecret(); ok {
		t.secret(who, ecs.Reference{Name: name}, place)
	}
}

// secret grants reading a secret.
func (t *taskGenerator) secret(who string, ref ecs.Reference, place captures) {
	name, other := ref.SecretName()
	values := append(slices.Clone(place), capture{name: "secret", value: name})
	if other != "" {
		values = append(values, capture{name: "or", value: other})
	}
	t.need("secrets", who, "", values...)
	t.mayBeEncrypted("secretsmanager", place)
}

// mayBeEncrypted notes a service whose values a key of the user's may encrypt.
func (t *taskGenerator) mayBeEncrypted(service string, place captures) {
	region, ok := place.get("region")
	if !ok {
		region, _ = t.env.get("region")
	}
	if c := (capture{name: service, value: region.value}); !slices.Contains(t.encrypted, c) {
		t.encrypted = append(t.encrypted, c)
	}
}

// credentials grants reading the login to a private registry: a secret by its
// ARN or name.
func (t *taskGenerator) credentials(c *ecs.Container) {
	if ref, ok := ecs.ParseReference(c.Credentials.Value); ok && !(ref.Parameter && ref.Account != "") {
		if ref.Parameter { // a name: here it is one of a secret
			t.secret(c.Name, ref, nil)
			return
		}
		t.reference(t.td.File, c.Name, c.Credentials, ref)
		return
	}
	t.bad(t.td.File, c.Credentials, "the ARN or name of a secret", "")
}

// file grants reading an object for a feature.
func (t *taskGenerator) file(feature, who string, at ecs.Text) {
	partition, bucket, key, ok := ecs.ParseObject(at.Value)
	if !ok {
		t.bad(t.td.File, at, "the ARN of an object in S3", "write it as arn:aws:s3:::BUCKET/KEY")
		return
	}
	t.need(feature, who, "", capture{name: "partition", value: partition}, capture{name: "bucket", value: bucket}, capture{name: "object", value: literal(key)})
}

// credentialSpec grants reading a gMSA credential specification, which stands in
// S3 or in a parameter. Source: ECS developer guide, "Using gMSA".
func (t *taskGenerator) credentialSpec(who string, at ecs.Text) {
	location, domainless := strings.CutPrefix(at.Value, "credentialspecdomainless:")
	if !domainless {
		location = strings.TrimPrefix(at.Value, "credentialspec:")
	}
	inner := ecs.Text{Value: location, Span: at.Span, Path: at.Path}
	switch {
	case strings.Contains(location, ":ssm:"):
		if ref, ok := ecs.ParseReference(location); ok && ref.Parameter {
			t.reference(t.td.File, who, inner, ref)
		} else {
			t.bad(t.td.File, inner, "the ARN of a parameter", "")
		}
	case strings.HasPrefix(location, "file://"):
	default:
		t.file("file", who, inner)
	}
	if domainless {
		t.report("CREDENTIAL_SPEC_SECRET", source.Warning, t.td.File, at, "the credential specification names a secret that the execution role must be allowed to read",
			"add secretsmanager:GetSecretValue on the secret that it names")
	}
}

// logs finds what a log driver needs.
func (t *taskGenerator) logs(file *source.File, who string, l *ecs.Logs) {
	if l == nil {
		return
	}
	t.secrets(file, who, l.Secrets)
	switch l.Driver.Value {
	case "awslogs":
		t.awslogs(file, who, l)
	case "awsfirelens":
		t.firelens(file, who, l)
	}
}

func (t *taskGenerator) awslogs(file *source.File, who string, l *ecs.Logs) {
	group := l.Options.Get("awslogs-group")
	if group.Value == "" {
		t.report("MISSING_PARAMETER", source.Warning, file, l.Driver, "awslogs needs the option awslogs-group", "the task will not start without it")
		return
	}
	if !ecs.ValidLogGroup(group.Value) {
		t.bad(file, group, "the name of a log group", "up to 512 letters, digits and .-_/#")
		return
	}
	values := captures{{name: "group", value: literal(group.Value)}, {name: "stream", value: "*"}}
	if region := l.Options.Get("awslogs-region"); region.Value != "" {
		if !arn.ValidRegion(region.Value) {
			t.bad(file, region, "the name of a Region", "")
			return
		}
		values = append(values, capture{name: "region", value: region.Value})
	}
	if prefix := l.Options.Get("awslogs-stream-prefix").Value; prefix != "" {
		values[1].value = literal(prefix) + "/*" // PREFIX/CONTAINER/TASK
		if file == t.td.File && who != "" {
			values[1].value = literal(prefix+"/"+who) + "/*"
		}
	}
	t.need("awslogs", who, "", values...)
	if strings.EqualFold(l.Options.Get("awslogs-create-group").Value, "true") {
		t.need("awslogs-create-group", who, "", values...)
	}
}

// firelens finds where a log router sends what a container prints. It writes
// with the permissions of the task role.
func (t *taskGenerator) firelens(file *source.File, who string, l *ecs.Logs) {
	name := l.Options.Get("Name", "@type")
	o := outputCalled(name.Value)
	if name.Value == "" {
		name = l.Driver
	}
	role := l.Options.Get("role_arn", "aws_role_arn", "assume_role_arn")
	service := l.Options.Get("aws_service_name")
	switch {
	case o == nil:
		t.report(outputUnknown, source.Warning, file, name, fmt.Sprintf("it is not known where the log router of %s writes", who),
			"the task role needs the permissions of its outputs: name the output in the options, or add them")
	case o.feature == "" || o.signed != "" && !isOn(l.Options.Get(o.signed).Value): // no permission of AWS
	case strings.Contains(role.Value, "$"):
		t.report(outputUnknown, source.Warning, file, role, fmt.Sprintf("the log router of %s works out under which role it writes", who), "the task role needs sts:AssumeRole on it")
	case role.Value != "":
		t.need("firelens-role", who, "", capture{name: "role", value: literal(role.Value)})
	case o.feature == "firelens-opensearch" && service.Value != "" && !strings.EqualFold(service.Value, "es"):
		t.report(outputUnknown, source.Warning, file, service, fmt.Sprintf("the log router of %s writes to %q, which Writ does not know", who, source.Clip(service.Value, 100)),
			"the task role needs its permissions: of OpenSearch Serverless (aoss), aoss:APIAccessAll on the collection and a data access policy of it")
	default:
		t.write(file, who, l, o)
	}
}

const outputUnknown = "LOG_OUTPUT_UNKNOWN"

// outputCalled returns the output of a name; nil when there is none.
func outputCalled(name string) *logOutput {
	for i := range logOutputs {
		if slices.Contains(strings.Fields(logOutputs[i].names), strings.ToLower(name)) {
			return &logOutputs[i]
		}
	}
	return nil
}

// write grants what an output writes to.
func (t *taskGenerator) write(file *source.File, who string, l *ecs.Logs, o *logOutput) {
	values := captures{{name: "domain", value: "*"}}
	if region := l.Options.Get("region", "aws_region").Value; region != "" && region != "${AWS_REGION}" { // that is the Region of the task
		values = append(values, capture{name: "region", value: perRecord(region)})
	}
	for pair := range words(o.options) {
		value, options, _ := strings.Cut(pair, "=")
		values = append(values, capture{name: value, value: t.option(file, l, value, strings.Split(options, "|"))})
	}
	if o.feature != "firelens-logs" {
		t.need(o.feature, who, "", values...)
		return
	}
	t.cloudWatch(who, l, values)
	if template := l.Options.Get("log_group_template").Value; template != "" {
		t.cloudWatch(who, l, append(captures{{name: "group", value: perRecord(template)}}, values...))
	}
}

// cloudWatch grants writing to log groups of CloudWatch, and what the options
// say about groups that are not there yet. A template comes before the plain
// option, which is used for records that it does not fit.
func (t *taskGenerator) cloudWatch(who string, l *ecs.Logs, values captures) {
	if l.Options.Get("log_stream_template").Value != "" {
		values = append(captures{{name: "stream", value: "*"}}, values...)
	}
	t.need("firelens-logs", who, "", values...)
	if !isOn(l.Options.Get("auto_create_group").Value) {
		return
	}
	t.need("firelens-create-group", who, "", values...)
	if days := l.Options.Get("log_retention_days").Value; days != "" && days != "0" {
		t.need("firelens-retention", who, "", values...)
	}
}

// perRecord is the pattern of a text that the log router fills in for each
// record, from the first variable on.
func perRecord(text string) string {
	before, _, ok := strings.Cut(text, "$")
	if !ok {
		return literal(text)
	}
	return literal(before) + "*"
}

func isOn(text string) bool {
	return strings.EqualFold(text, "on") || strings.EqualFold(text, "true") || strings.EqualFold(text, "yes")
}

// option returns the value of an output's option as a pattern. What the router
// works out for each record becomes *.
func (t *taskGenerator) option(file *source.File, l *ecs.Logs, what string, names []string) string {
	v := l.Options.Get(names...)
	if v.Value == "" {
		if what != "stream" || names[0] != "log_stream_name" {
			t.report("MISSING_PARAMETER", source.Warning, file, l.Driver, "the output needs the option "+names[0], "the log router will fail without it")
		}
		return "*"
	}
	if !strings.Contains(v.Value, "$") && strings.HasSuffix(names[len(names)-1], "_prefix") && l.Options.Get(names[0]).Value == "" {
		return literal(v.Value) + "*"
	}
	return perRecord(v.Value)
}

// volumes finds what file systems need.
func (t *taskGenerator) volumes() {
	mounts := t.mounts()
	for i := range t.td.Volumes {
		v := &t.td.Volumes[i]
		for _, name := range v.Unknown {
			t.report("UNKNOWN_VOLUME", source.Warning, t.td.File, ecs.Text{Span: v.Span, Path: v.Path}, fmt.Sprintf("volume %q has a %s, which Writ does not know", v.Name, name),
				"the roles may lack what it needs")
		}
		by := mounts[v.Name]
		by.names = distinct(by.names)
		if v.EFS != nil {
			t.efs(v.EFS, by.names, by.writes)
		}
		if v.FSx != nil {
			t.fsx(v.FSx, by.names)
		}
	}
}

// mounted says which containers mount a volume, and whether one of them may
// write to it.
type mounted struct {
	names  []string
	writes bool
}

func (t *taskGenerator) mounts() map[string]mounted {
	all := map[string]mounted{}
	for _, c := range t.td.Containers {
		for _, m := range c.Mounts {
			v := all[m.Volume]
			v.names, v.writes = append(v.names, c.Name), v.writes || !m.ReadOnly
			all[m.Volume] = v
		}
	}
	return all
}

func (t *taskGenerator) efs(v *ecs.EFS, users []string, writes bool) {
	if !v.IAM || len(users) == 0 {
		return
	}
	values := captures{{name: "filesystem", value: literal(v.FileSystem.Value)}}
	if v.AccessPoint.Value != "" {
		values = append(values, capture{name: "accesspoint", value: literal(v.AccessPoint.Value)})
	}
	for _, who := range users {
		t.need("efs", who, "", values...)
		if writes {
			t.need("efs-write", who, "", values...)
		}
	}
}

func (t *taskGenerator) fsx(v *ecs.FSx, users []string) {
	for _, who := range users {
		t.need("fsx", who, "")
		if v.Credentials.Value == "" {
			continue
		}
		if ref, ok := ecs.ParseReference(v.Credentials.Value); ok && ref.Account != "" {
			t.reference(t.td.File, who, v.Credentials, ref)
		} else {
			t.bad(t.td.File, v.Credentials, "the ARN of a secret or parameter", "")
		}
	}
}

// keys grants decrypting what the user's key encrypts, or says that it may be
// needed.
func (t *taskGenerator) keys() {
	switch {
	case len(t.encrypted) == 0:
	case t.opts.KMSKey == "":
		t.report("KMS_KEY_UNKNOWN", source.Suggestion, nil, ecs.Text{}, "a task definition does not show which key encrypts its secrets and parameters",
			"if it is a key of your own, give --kms-key ARN; keys of AWS need no permission")
	default:
		for _, c := range t.encrypted {
			t.need("key", "", "", capture{name: "service", value: c.name}, capture{name: "region", value: c.value})
		}
	}
}
