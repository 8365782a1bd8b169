#pragma once

// The services, one function each: checks access, acts on the world, answers.  Private to sim/aws.

#include "sim/aws/operation.h"

namespace farthing::rehearsal {

Result<Reply> AnswerSts(World& world, const Operation& operation);
Result<Reply> AnswerIam(World& world, const Operation& operation);
Result<Reply> AnswerOrganizations(World& world, const Operation& operation);
Result<Reply> AnswerS3(World& world, const Operation& operation);
Result<Reply> AnswerCur(World& world, const Operation& operation);
Result<Reply> AnswerDataExports(World& world, const Operation& operation);
Result<Reply> AnswerCostExplorer(World& world, const Operation& operation);
Result<Reply> AnswerCostTags(World& world, const Operation& operation);
Result<Reply> AnswerCloudFormation(World& world, const Operation& operation);
Result<Reply> AnswerEc2(World& world, const Operation& operation);
Result<Reply> AnswerLoadBalancing(World& world, const Operation& operation);
Result<Reply> AnswerCloudWatch(World& world, const Operation& operation);
Result<Reply> AnswerAdvice(
    World& world, const Operation& operation);  ///< Compute Optimizer, Cost Optimization Hub
Result<Reply> AnswerBudgets(World& world, const Operation& operation);
Result<Reply> AnswerSupport(World& world, const Operation& operation);  ///< Trusted Advisor
Result<Reply> AnswerTagging(World& world, const Operation& operation);

/// Reads of IAM; AnswerIam passes on what it does not write.
Result<Reply> AnswerIamRead(World& world, const Operation& operation);
/// Objects and listings; AnswerS3 passes on what does not concern the bucket itself.
Result<Reply> AnswerS3Object(World& world, const Operation& operation, Bucket& bucket);

/// Sends an operation to its service.  Used by the gateway and by CloudFormation, which calls as its caller.
Result<Reply> Dispatch(World& world, const Operation& operation);
/// The refusal of an action that a service does not have here.
Error UnknownAction(const Operation& operation);

/// Does an S3 request without HTTP: `Headers` and `body` as they would be sent.
struct S3Request {
  std::string method, bucket, key;
  http::Parameters query;
  http::Headers headers;
  std::string body;
};
Result<Reply> CallS3(World& world, const Operation& as, const S3Request& request);

/// Stores an object and returns it, a new version of it where the bucket keeps versions.
Object& StoreObject(World& world, Bucket& bucket, const std::string& key, std::string content);
/// Returns the newest version, or nullptr when there is none or it is deleted.
const Object* FindObject(const Bucket& bucket, const std::string& key);
/// "\"9b2cf535f27731c974343645a3985328\"".
std::string ETagOf(std::string_view content);

/// True when a service of AWS may do that to a bucket for the export, by the bucket's policy.
bool ServiceMay(const World& world, const Bucket& bucket, std::string_view service,
                std::string_view action, std::string_view resource, const Export& for_export);

}  // namespace farthing::rehearsal
