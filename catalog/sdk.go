package catalog

// An SDKService is one service of the AWS SDK.
type SDKService struct{}
