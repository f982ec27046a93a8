package ecs

import "strings"

// Reference is where a value comes from: a secret of Secrets Manager or a
// parameter of Systems Manager. Source: ECS developer guide, "Pass sensitive
// data to an Amazon ECS container".
type Reference struct {
	Parameter bool // a parameter; else a secret
	Partition string
	Region    string
	Account   string // "" with Region and Partition when only the name is given
	Name      string // of a secret with the six characters that AWS adds, where the text has them
	JSONKey   string // of a secret: the member of its JSON that is meant
	Stage     string // of a secret: the version by its stage
	Version   string // of a secret: the version by its id
}

// ParseReference reads the valueFrom of a secret: the ARN of a secret, with
// :JSON-KEY:STAGE:VERSION after it or without, or the name or ARN of a parameter.
func ParseReference(text string) (Reference, bool) {
	if !strings.HasPrefix(text, "arn:") {
		name := strings.TrimPrefix(text, "/")
		return Reference{Parameter: true, Name: name}, validParameter(name)
	}
	f := strings.SplitN(text, ":", 6)
	if len(f) != 6 {
		return Reference{}, false
	}
	ref := Reference{Partition: f[1], Region: f[3], Account: f[4]}
	if len(ref.Account) != 12 || strings.Trim(ref.Account, "0123456789") != "" || ref.Region == "" || !plainPart(ref.Region) || !plainPart(ref.Partition) {
		return Reference{}, false
	}
	switch f[2] {
	case "ssm":
		name, ok := strings.CutPrefix(f[5], "parameter/")
		ref.Parameter, ref.Name = true, name
		return ref, ok && validParameter(name)
	case "secretsmanager":
		parts := strings.Split(f[5], ":")
		if len(parts) != 2 && len(parts) != 5 || parts[0] != "secret" {
			return Reference{}, false
		}
		ref.Name = parts[1]
		if len(parts) == 5 {
			ref.JSONKey, ref.Stage, ref.Version = parts[2], parts[3], parts[4]
		}
		return ref, validSecret(ref.Name)
	}
	return Reference{}, false
}

func plainPart(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' })
}

// validParameter and validSecret report whether the services take a name.
// Source: Systems Manager API reference, PutParameter; Secrets Manager API
// reference, CreateSecret.
func validParameter(name string) bool { return validName(name, "_.-/", 2048) }
func validSecret(name string) bool    { return validName(name, "/_+=.@-", 519) }

// ValidLogGroup reports whether CloudWatch Logs takes a name for a log group.
// Source: CloudWatch Logs API reference, CreateLogGroup.
func ValidLogGroup(name string) bool { return validName(name, ".-_/#", 512) }

func validName(name, marks string, most int) bool {
	return name != "" && len(name) <= most && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(marks, r)
	})
}

// ReferencedSecret returns the secret that a parameter only stands for.
// Source: Systems Manager user guide, "Referencing AWS Secrets Manager secrets
// from Parameter Store parameters".
func (r Reference) ReferencedSecret() (name string, ok bool) {
	if !r.Parameter {
		return "", false
	}
	return strings.CutPrefix(r.Name, "aws/reference/secretsmanager/")
}

// SecretName returns what the name of the secret is in its ARN, as a pattern. AWS
// ends it with a hyphen and six random characters, which not every way of naming
// a secret shows. Where six small letters end the name, as in db-master, they may
// be those characters or a word: the other name is for the word.
func (r Reference) SecretName() (name, other string) {
	const random = "-??????"
	at := len(r.Name) - len(random)
	if at <= 0 || r.Name[at] != '-' || !validName(r.Name[at+1:], "", len(random)) {
		return r.Name + random, ""
	}
	if strings.Trim(r.Name[at+1:], "abcdefghijklmnopqrstuvwxyz") == "" {
		return r.Name, r.Name + random
	}
	return r.Name, ""
}

// Image is a name of an image taken apart.
type Image struct {
	Private    bool // in a private repository of Amazon ECR
	Account    string
	Region     string
	Partition  string
	Repository string
	Registry   string // of an image elsewhere: its host; "" is Docker Hub
}

// registries are the hosts of private ECR registries after ACCOUNT. and before
// and after the Region. Source: AWS general reference, "Amazon ECR endpoints and
// quotas".
var registries = []struct{ before, after, partition string }{
	{"dkr.ecr.", ".amazonaws.com", "aws"},
	{"dkr.ecr-fips.", ".amazonaws.com", "aws"},
	{"dkr-ecr.", ".on.aws", "aws"},
	{"dkr-ecr-fips.", ".on.aws", "aws"},
	{"dkr.ecr.", ".amazonaws.com.cn", "aws-cn"},
	{"dkr-ecr.", ".on.amazonwebservices.com.cn", "aws-cn"},
	{"dkr.ecr.", ".c2s.ic.gov", "aws-iso"},
	{"dkr.ecr.", ".sc2s.sgov.gov", "aws-iso-b"},
	{"dkr.ecr.", ".cloud.adc-e.uk", "aws-iso-e"},
	{"dkr.ecr.", ".csp.hci.ic.gov", "aws-iso-f"},
	{"dkr.ecr.", ".amazonaws.eu", "aws-eusc"},
}

// ParseImage takes the name of an image apart: [HOST/]REPOSITORY[:TAG][@DIGEST].
// It fails for a private ECR image whose account or repository cannot be one.
func ParseImage(text string) (Image, bool) {
	host, rest, ok := strings.Cut(text, "/")
	if !ok || !strings.ContainsAny(host, ".:") && host != "localhost" {
		return Image{}, text != ""
	}
	account, domain, _ := strings.Cut(host, ".")
	isAccount := len(account) == 12 && strings.Trim(account, "0123456789") == ""
	for _, r := range registries {
		region, ok := strings.CutPrefix(domain, r.before)
		if !ok {
			continue
		}
		if region, ok = strings.CutSuffix(region, r.after); !ok || !plainPart(region) {
			continue
		}
		repository, _, _ := strings.Cut(rest, "@")
		repository, _, _ = strings.Cut(repository, ":")
		partition := r.partition
		if strings.HasPrefix(region, "us-gov-") {
			partition = "aws-us-gov"
		}
		image := Image{Private: true, Account: account, Region: region, Partition: partition, Repository: repository}
		return image, isAccount && ValidRepository(repository)
	}
	return Image{Registry: host}, true
}

// ValidRepository reports whether ECR takes a name for a repository, or for what
// names of repositories begin with. Source: Amazon ECR API reference,
// CreateRepository.
func ValidRepository(name string) bool {
	return name != "" && len(name) <= 256 && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("._-/", r)
	})
}

// ParseObject reads the ARN of an object in S3. Wildcards are no names.
func ParseObject(text string) (partition, bucket, key string, ok bool) {
	f := strings.SplitN(text, ":", 6)
	if len(f) != 6 || f[0] != "arn" || f[2] != "s3" || f[3] != "" || f[4] != "" || !plainPart(f[1]) {
		return "", "", "", false
	}
	bucket, key, ok = strings.Cut(f[5], "/")
	return f[1], bucket, key, ok && validName(bucket, ".-_", 255) && key != "" && len(key) <= 1024 && !strings.ContainsAny(key, "*?$")
}
