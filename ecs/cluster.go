package ecs

import (
	"fmt"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// Cluster is the part of a cluster that concerns the access of its tasks.
type Cluster struct {
	Name string
	Exec *Exec // nil when the text does not tell
	File *source.File
}

// Exec is how a cluster logs and encrypts sessions of ECS Exec.
type Exec struct {
	Logging   string // NONE, DEFAULT (as the containers log) or OVERRIDE (as said here)
	KMSKey    Text   // id, ARN or alias
	LogGroup  Text
	Bucket    Text
	KeyPrefix string // in the bucket
}

var clusterWrappers = []string{"cluster", "Properties"}

// clusterMarks are members that a service or a task definition does not have.
var clusterMarks = []string{"clusterName", "configuration", "settings", "capacityProviders", "serviceConnectDefaults"}

const badCluster = "BAD_CLUSTER"

// ParseCluster reads a cluster in JSON: the input of CreateCluster, the answer
// of DescribeClusters with one cluster, or the properties of AWS::ECS::Cluster.
func ParseCluster(file *source.File) (Cluster, source.List) {
	r, findings := open(file, badCluster)
	if r == nil {
		return Cluster{}, findings
	}
	body, described := r.one(clusterWrappers, "clusters", "a cluster", clusterMarks)
	if body == nil {
		return Cluster{}, r.list.List()
	}
	c := Cluster{Name: r.text(body, "clusterName").Value, File: file}
	configuration := r.object(body, "configuration")
	switch {
	case configuration != nil:
		c.Exec = r.exec(r.object(configuration, "executeCommandConfiguration"))
	case !described: // DescribeClusters tells it when it is asked to
		c.Exec = r.exec(nil)
	}
	return c, r.list.List()
}

func (r *reader) exec(v *jsontree.Value) *Exec {
	const usual = "DEFAULT"
	if v == nil {
		return &Exec{Logging: usual}
	}
	logging := r.text(v, "logging")
	e := &Exec{Logging: logging.Value, KMSKey: r.text(v, "kmsKeyId")}
	switch e.Logging {
	case "":
		e.Logging = usual
	case "NONE", usual, "OVERRIDE":
	default:
		r.fail(r.code, logging.Span, fmt.Sprintf("logging %q is none of NONE, DEFAULT, OVERRIDE", source.Clip(e.Logging, 100)))
	}
	if logs := r.object(v, "logConfiguration"); logs != nil && e.Logging == "OVERRIDE" {
		e.LogGroup, e.Bucket, e.KeyPrefix = r.text(logs, "cloudWatchLogGroupName"), r.text(logs, "s3BucketName"), r.text(logs, "s3KeyPrefix").Value
	}
	return e
}
