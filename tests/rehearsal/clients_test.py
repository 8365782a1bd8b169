"""Every service of the rehearsal AWS, asked by boto3, which knows AWS's shapes and refuses others."""
import datetime
import decimal
import gzip
import io
import csv
import json
import unittest
import urllib.error
import urllib.parse
import urllib.request

import rehearsal

rehearsal.use_installed_clients()

from botocore.exceptions import ClientError  # noqa: E402


def code(error):
    return error.exception.response["Error"]["Code"]


def last_month():
    first = rehearsal.CLOCK.date().replace(day=1)
    start = (first - datetime.timedelta(days=1)).replace(day=1)
    return start, first


class ClientsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.aws = rehearsal.Rehearsal("--exports", "cur2-csv,cur1-parquet")
        cls.addClassCleanup(cls.aws.__exit__)

    def tearDown(self):
        self.aws.command("clear-faults")

    def test_identity(self):
        who = self.aws.client("sts").get_caller_identity()
        self.assertEqual(who["Account"], self.aws.payer)

    def test_wrong_keys(self):
        keys = {**self.aws.facts["admin"], "secret_access_key": "wrong"}
        for service, call, expected in [
            ("sts", "get_caller_identity", "SignatureDoesNotMatch"),
            ("ce", "list_cost_allocation_tags", "InvalidSignatureException"),
            ("s3", "list_buckets", "SignatureDoesNotMatch"),
            ("ec2", "describe_regions", "AuthFailure"),
        ]:
            with self.subTest(service), self.assertRaises(ClientError) as refused:
                getattr(self.aws.client(service, keys), call)()
            self.assertEqual(code(refused), expected)

    def test_wrong_region_in_the_scope(self):
        with self.assertRaises(ClientError) as refused:
            self.aws.client("cur", region="eu-west-1").describe_report_definitions()
        self.assertEqual(code(refused), "InvalidSignatureException")

    def test_roles_policies_and_sessions(self):
        iam, sts = self.aws.client("iam"), self.aws.client("sts", self.aws.facts["platform"])
        platform = self.aws.facts["platform"]["arn"]
        role = iam.create_role(RoleName="Reader", Path="/billing/", AssumeRolePolicyDocument=rehearsal.trust(platform, "id-1"))
        arn = role["Role"]["Arn"]
        self.assertEqual(arn, f"arn:aws:iam::{self.aws.payer}:role/billing/Reader")
        iam.put_role_policy(RoleName="Reader", PolicyName="ce", PolicyDocument=rehearsal.allow("ce:Get*"))
        policy = iam.create_policy(PolicyName="org", PolicyDocument=rehearsal.allow("organizations:*"))["Policy"]
        iam.attach_role_policy(RoleName="Reader", PolicyArn=policy["Arn"])

        for wrong in ({}, {"ExternalId": "id-2"}):
            with self.assertRaises(ClientError) as refused:
                sts.assume_role(RoleArn=arn, RoleSessionName="test", **wrong)
            self.assertEqual(code(refused), "AccessDenied")
        with self.assertRaises(ClientError) as refused:
            sts.assume_role(RoleArn=arn, RoleSessionName="test", ExternalId="id-1", DurationSeconds=7200)
        self.assertEqual(code(refused), "ValidationError")
        session = sts.assume_role(RoleArn=arn, RoleSessionName="test", ExternalId="id-1")["Credentials"]
        left = session["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
        self.assertAlmostEqual(left.total_seconds(), 3600, delta=60)

        self.aws.session_client("organizations", session).list_accounts()
        with self.assertRaises(ClientError) as refused:
            self.aws.session_client("cur", session).describe_report_definitions()
        self.assertEqual(code(refused), "AccessDeniedException")
        self.assertIn("no identity-based policy allows the cur:DescribeReportDefinitions action", str(refused.exception))

        read = iam.get_role(RoleName="Reader")["Role"]
        self.assertEqual(read["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"], platform)
        self.assertEqual(iam.list_role_policies(RoleName="Reader")["PolicyNames"], ["ce"])
        self.assertEqual(iam.get_role_policy(RoleName="Reader", PolicyName="ce")["PolicyDocument"]["Statement"][0]["Action"], "ce:Get*")
        attached = iam.list_attached_role_policies(RoleName="Reader")["AttachedPolicies"]
        self.assertEqual([each["PolicyArn"] for each in attached], [policy["Arn"]])
        version = iam.get_policy(PolicyArn=policy["Arn"])["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=version)["PolicyVersion"]["Document"]
        self.assertEqual(document["Statement"][0]["Action"], "organizations:*")
        self.assertEqual(len(iam.list_policy_versions(PolicyArn=policy["Arn"])["Versions"]), 1)
        simulated = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["ce:GetTags", "s3:GetObject"])
        self.assertEqual([each["EvalDecision"] for each in simulated["EvaluationResults"]], ["allowed", "implicitDeny"])
        self.assertIn("Reader", [each["RoleName"] for page in iam.get_paginator("list_roles").paginate() for each in page["Roles"]])

        narrowed = sts.assume_role(RoleArn=arn, RoleSessionName="test", ExternalId="id-1", Policy=rehearsal.allow("ce:GetTags"))
        with self.assertRaises(ClientError) as refused:
            self.aws.session_client("organizations", narrowed["Credentials"]).list_accounts()
        self.assertIn("no session policy allows", str(refused.exception))

    def test_users_groups_and_keys(self):
        iam = self.aws.client("iam")
        iam.create_user(UserName="reader")
        iam.put_user_policy(UserName="reader", PolicyName="own", PolicyDocument=rehearsal.allow("ce:*"))
        iam.create_group(GroupName="readers")
        iam.put_group_policy(GroupName="readers", PolicyName="org", PolicyDocument=rehearsal.allow("organizations:*"))
        iam.attach_group_policy(GroupName="readers", PolicyArn="arn:aws:iam::aws:policy/job-function/ViewOnlyAccess")
        iam.add_user_to_group(GroupName="readers", UserName="reader")
        key = iam.create_access_key(UserName="reader")["AccessKey"]
        keys = {"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"]}
        self.aws.client("organizations", keys).describe_organization()
        self.assertEqual(iam.list_user_policies(UserName="reader")["PolicyNames"], ["own"])
        self.assertEqual(iam.get_user_policy(UserName="reader", PolicyName="own")["PolicyDocument"]["Statement"][0]["Action"], "ce:*")
        self.assertEqual(iam.list_groups_for_user(UserName="reader")["Groups"][0]["GroupName"], "readers")
        self.assertEqual(iam.list_group_policies(GroupName="readers")["PolicyNames"], ["org"])
        self.assertEqual(len(iam.list_attached_group_policies(GroupName="readers")["AttachedPolicies"]), 1)

    def test_malformed_policies(self):
        iam = self.aws.client("iam")
        for document in ["{", rehearsal.trust("arn:aws:iam::999999999999:role/nobody")]:
            with self.assertRaises(ClientError) as refused:
                iam.create_role(RoleName="Broken", AssumeRolePolicyDocument=document)
            self.assertEqual(code(refused), "MalformedPolicyDocument")

    def test_organization(self):
        client = self.aws.client("organizations")
        organization = client.describe_organization()["Organization"]
        self.assertEqual((organization["FeatureSet"], organization["MasterAccountId"]), ("ALL", self.aws.payer))
        pages = list(client.get_paginator("list_accounts").paginate())
        self.assertEqual(len([each for page in pages for each in page["Accounts"]]), 9)
        self.assertIn([], [page["Accounts"] for page in pages], "a page may be empty")
        root = client.list_roots()["Roots"][0]["Id"]
        units = client.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]
        self.assertEqual(len(units), 2)
        self.assertTrue(client.list_accounts_for_parent(ParentId=units[0]["Id"])["Accounts"])
        with self.assertRaises(ClientError) as refused:
            self.aws.client("organizations", self.aws.facts["platform"]).describe_organization()
        self.assertEqual(code(refused), "AccessDeniedException")

    def test_objects(self):
        s3 = self.aws.client("s3")
        s3.create_bucket(Bucket="objects")
        keys = ["a b/ü=1.csv", "a b/x+y", "c/deep/z", "~d"]
        for key in keys:
            s3.put_object(Bucket="objects", Key=key, Body=key.encode())
        listed = [each["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket="objects", PaginationConfig={"PageSize": 1}) for each in page["Contents"]]
        self.assertEqual(listed, sorted(keys, key=str.encode))
        folders = s3.list_objects_v2(Bucket="objects", Delimiter="/")
        self.assertEqual([each["Prefix"] for each in folders["CommonPrefixes"]], ["a b/", "c/"])
        head = s3.head_object(Bucket="objects", Key=keys[0])
        got = s3.get_object(Bucket="objects", Key=keys[0], Range="bytes=2-4", IfMatch=head["ETag"])
        self.assertEqual((got["Body"].read(), got["ContentRange"]), (keys[0].encode()[2:5], f"bytes 2-4/{len(keys[0].encode())}"))
        with self.assertRaises(ClientError) as refused:
            s3.get_object(Bucket="objects", Key=keys[0], IfMatch='"other"')
        self.assertEqual(code(refused), "PreconditionFailed")
        with self.assertRaises(ClientError) as refused:
            s3.get_object(Bucket="objects", Key="missing")
        self.assertEqual(code(refused), "NoSuchKey")
        with self.assertRaises(ClientError) as refused:
            s3.list_objects_v2(Bucket="objects", ExpectedBucketOwner="999999999999")
        self.assertEqual(code(refused), "AccessDenied")
        s3.delete_object(Bucket="objects", Key="~d")
        self.assertEqual(s3.list_objects_v2(Bucket="objects")["KeyCount"], 3)

    def test_presigned_addresses(self):
        s3 = self.aws.client("s3", signature_version="s3v4")
        s3.create_bucket(Bucket="presigned")
        s3.put_object(Bucket="presigned", Key="a=b", Body=b"content")
        address = s3.generate_presigned_url("get_object", Params={"Bucket": "presigned", "Key": "a=b"}, ExpiresIn=60)
        with urllib.request.urlopen(address) as answer:
            self.assertEqual(answer.read(), b"content")
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(address + "0")
        refused.exception.close()
        self.assertEqual(refused.exception.code, 403)

    def test_buckets_in_other_regions(self):
        west = self.aws.client("s3", region="eu-west-1")
        west.create_bucket(Bucket="western", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        west.put_object(Bucket="western", Key="k", Body=b"v")
        for region in ("us-east-1", "eu-central-1"):
            with self.subTest(region):  # botocore follows the redirect by itself
                got = self.aws.client("s3", region=region).get_object(Bucket="western", Key="k")
                self.assertEqual(got["Body"].read(), b"v")
        self.assertEqual(west.get_bucket_location(Bucket="western")["LocationConstraint"], "eu-west-1")

    def test_bucket_settings(self):
        s3 = self.aws.client("s3")
        s3.create_bucket(Bucket="settings")
        with self.assertRaises(ClientError) as refused:
            s3.get_bucket_policy(Bucket="settings")
        self.assertEqual(code(refused), "NoSuchBucketPolicy")
        document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::settings/*"}]})
        s3.put_bucket_policy(Bucket="settings", Policy=document)
        self.assertEqual(s3.get_bucket_policy(Bucket="settings")["Policy"], document)
        self.assertNotIn("QueueConfigurations", s3.get_bucket_notification_configuration(Bucket="settings"))
        s3.put_bucket_notification_configuration(Bucket="settings", NotificationConfiguration={"QueueConfigurations": [{"QueueArn": "arn:aws:sqs:us-east-1:1:q", "Events": ["s3:ObjectCreated:*"]}]})
        self.assertEqual(len(s3.get_bucket_notification_configuration(Bucket="settings")["QueueConfigurations"]), 1)
        s3.put_bucket_versioning(Bucket="settings", VersioningConfiguration={"Status": "Enabled"})
        first = s3.put_object(Bucket="settings", Key="k", Body=b"1")["VersionId"]
        s3.put_object(Bucket="settings", Key="k", Body=b"2")
        self.assertEqual(s3.get_object(Bucket="settings", Key="k", VersionId=first)["Body"].read(), b"1")
        self.assertEqual(len(s3.list_object_versions(Bucket="settings")["Versions"]), 2)

    def test_bucket_of_another_account(self):
        s3 = self.aws.client("s3")
        s3.create_bucket(Bucket="shared")
        s3.put_object(Bucket="shared", Key="k", Body=b"v")
        stranger = self.aws.client("s3", self.aws.facts["platform"])
        with self.assertRaises(ClientError) as refused:
            stranger.get_object(Bucket="shared", Key="k")
        self.assertEqual(code(refused), "AccessDenied")
        iam_of_platform = self.aws.facts["platform"]["arn"]
        s3.put_bucket_policy(Bucket="shared", Policy=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": iam_of_platform}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shared/*"}]}))
        with self.assertRaises(ClientError) as refused:  # its own policies do not allow it either
            stranger.get_object(Bucket="shared", Key="k")
        self.assertIn("no identity-based policy allows", str(refused.exception))

    def test_encrypted_objects_need_their_key(self):
        s3, iam = self.aws.client("s3"), self.aws.client("iam")
        s3.create_bucket(Bucket="encrypted")
        key = self.aws.command("key", bucket="encrypted")["arn"]
        s3.put_object(Bucket="encrypted", Key="k", Body=b"v")
        self.assertEqual(s3.head_object(Bucket="encrypted", Key="k")["SSEKMSKeyId"], key)
        iam.create_role(RoleName="NoKey", AssumeRolePolicyDocument=rehearsal.trust(self.aws.facts["platform"]["arn"], "x1"))
        iam.put_role_policy(RoleName="NoKey", PolicyName="s3", PolicyDocument=rehearsal.allow("s3:*"))
        session = self.aws.client("sts", self.aws.facts["platform"]).assume_role(RoleArn=f"arn:aws:iam::{self.aws.payer}:role/NoKey", RoleSessionName="test", ExternalId="x1")["Credentials"]
        with self.assertRaises(ClientError) as refused:
            self.aws.session_client("s3", session).get_object(Bucket="encrypted", Key="k")
        self.assertIn("kms:Decrypt", str(refused.exception))

    def test_reports(self):
        cur = self.aws.client("cur")
        names = [each["ReportName"] for each in cur.describe_report_definitions()["ReportDefinitions"]]
        self.assertEqual(names, ["cur1-parquet"])
        for i in range(4):
            cur.put_report_definition(ReportDefinition={
                "ReportName": f"r{i}", "TimeUnit": "DAILY", "Format": "textORcsv", "Compression": "GZIP", "AdditionalSchemaElements": [],
                "S3Bucket": "example-billing-exports", "S3Prefix": "more", "S3Region": "us-east-1"})
        with self.assertRaises(cur.exceptions.ReportLimitReachedException):
            cur.put_report_definition(ReportDefinition={
                "ReportName": "r9", "TimeUnit": "DAILY", "Format": "textORcsv", "Compression": "GZIP", "AdditionalSchemaElements": [],
                "S3Bucket": "example-billing-exports", "S3Prefix": "more", "S3Region": "us-east-1"})
        changed = {**cur.describe_report_definitions(MaxResults=5)["ReportDefinitions"][1], "TimeUnit": "HOURLY"}
        changed.pop("ReportStatus", None)
        cur.modify_report_definition(ReportName=changed["ReportName"], ReportDefinition=changed)
        for i in range(4):
            cur.delete_report_definition(ReportName=f"r{i}")
        self.assertEqual(len(cur.describe_report_definitions()["ReportDefinitions"]), 1)

    def test_data_exports(self):
        client = self.aws.client("bcm-data-exports")
        listed = client.list_exports()["Exports"][0]
        self.assertEqual(listed["ExportStatus"]["StatusCode"], "HEALTHY")
        existing = client.get_export(ExportArn=listed["ExportArn"])["Export"]
        wanted = {**existing, "Name": "narrow", "DataQuery": {
            "QueryStatement": "SELECT line_item_usage_account_id, line_item_unblended_cost FROM COST_AND_USAGE_REPORT",
            "TableConfigurations": {"COST_AND_USAGE_REPORT": {"TIME_GRANULARITY": "HOURLY"}}}}
        wanted.pop("ExportArn")
        arn = client.create_export(Export=wanted)["ExportArn"]
        self.assertEqual(client.list_executions(ExportArn=arn)["Executions"], [])
        self.aws.command("deliver")
        execution = client.list_executions(ExportArn=arn)["Executions"][0]
        self.assertEqual(execution["ExecutionStatus"]["StatusCode"], "DELIVERY_SUCCESS")
        client.get_execution(ExportArn=arn, ExecutionId=execution["ExecutionId"])
        s3 = self.aws.client("s3")
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket="example-billing-exports", Prefix="billing/narrow/data/")["Contents"]]
        with gzip.open(io.BytesIO(s3.get_object(Bucket="example-billing-exports", Key=keys[0])["Body"].read()), "rt") as text:
            self.assertEqual(next(csv.reader(text)), ["line_item_usage_account_id", "line_item_unblended_cost"])
        columns = client.get_table(TableName="COST_AND_USAGE_REPORT", TableProperties={"INCLUDE_RESOURCES": "TRUE"})["Schema"]
        self.assertIn("line_item_resource_id", [each["Name"] for each in columns])
        self.assertIn("FOCUS_1_2_AWS", [each["TableName"] for each in client.list_tables()["Tables"]])
        for table, count, properties in [("FOCUS_1_0_AWS", 48, {}), ("FOCUS_1_2_AWS", 60, {"TIME_GRANULARITY": "HOURLY"})]:
            schema = client.get_table(TableName=table, TableProperties=properties)["Schema"]
            self.assertEqual(len(schema), count, table)
            focus = {**wanted, "Name": table, "DataQuery": {
                "QueryStatement": f"SELECT {', '.join(each['Name'] for each in schema)} FROM {table}", "TableConfigurations": {table: properties}}}
            client.delete_export(ExportArn=client.create_export(Export=focus)["ExportArn"])
        with self.assertRaises(client.exceptions.ValidationException):  # FOCUS 1.0 has nothing to configure
            client.create_export(Export={**focus, "DataQuery": {"QueryStatement": "SELECT BilledCost FROM FOCUS_1_0_AWS",
                                                                "TableConfigurations": {"FOCUS_1_0_AWS": {"TIME_GRANULARITY": "HOURLY"}}}})
        client.update_export(ExportArn=arn, Export=wanted)
        client.delete_export(ExportArn=arn)
        with self.assertRaises(client.exceptions.ResourceNotFoundException):
            client.get_export(ExportArn=arn)

    def test_cost_explorer_equals_the_delivered_bill(self):
        start, end = last_month()
        s3 = self.aws.client("s3")
        period = start.strftime("%Y-%m")
        manifest = json.load(s3.get_object(Bucket="example-billing-exports", Key=f"billing/cur2-csv/metadata/BILLING_PERIOD={period}/cur2-csv-Manifest.json")["Body"])
        billed = {}
        for address in manifest["dataFiles"]:
            key = urllib.parse.urlparse(address).path[1:]
            with gzip.open(io.BytesIO(s3.get_object(Bucket="example-billing-exports", Key=key)["Body"].read()), "rt", newline="") as text:
                for row in csv.DictReader(text):
                    account = row["line_item_usage_account_id"]
                    billed[account] = billed.get(account, 0) + decimal.Decimal(row["line_item_unblended_cost"] or 0)
        ce = self.aws.client("ce")
        answer = ce.get_cost_and_usage(TimePeriod={"Start": str(start), "End": str(end)}, Granularity="MONTHLY", Metrics=["UnblendedCost"], GroupBy=[{"Type": "DIMENSION", "Key": "LINKED_ACCOUNT"}])
        explored = {group["Keys"][0]: decimal.Decimal(group["Metrics"]["UnblendedCost"]["Amount"]) for group in answer["ResultsByTime"][0]["Groups"]}
        self.assertEqual(explored, billed)
        self.assertEqual({each["Value"] for each in answer["DimensionValueAttributes"]}, set(billed))

        filtered = ce.get_cost_and_usage(
            TimePeriod={"Start": str(start), "End": str(end)}, Granularity="DAILY", Metrics=["UnblendedCost", "UsageQuantity"],
            Filter={"And": [{"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Tax"]}}}, {"Tags": {"Key": "Env", "Values": ["prod"]}}]})
        self.assertEqual(len(filtered["ResultsByTime"]), (end - start).days)
        with self.assertRaises(ClientError) as refused:
            ce.get_cost_and_usage(TimePeriod={"Start": "2020-01-01", "End": "2020-02-01"}, Granularity="MONTHLY", Metrics=["UnblendedCost"])
        self.assertEqual(code(refused), "ValidationException")
        values = ce.get_dimension_values(TimePeriod={"Start": str(start), "End": str(end)}, Dimension="SERVICE")
        self.assertIn("Amazon Elastic Compute Cloud - Compute", [each["Value"] for each in values["DimensionValues"]])
        self.assertIn("prod", ce.get_tags(TimePeriod={"Start": str(start), "End": str(end)}, TagKey="Env")["Tags"])

    def test_cost_allocation_tags(self):
        ce = self.aws.client("ce")
        ce.update_cost_allocation_tags_status(CostAllocationTagsStatus=[{"TagKey": "team", "Status": "Inactive"}])
        inactive = ce.list_cost_allocation_tags(Status="Inactive")["CostAllocationTags"]
        self.assertEqual([each["TagKey"] for each in inactive], ["team"])
        errors = ce.update_cost_allocation_tags_status(CostAllocationTagsStatus=[{"TagKey": "team", "Status": "Active"}, {"TagKey": "nope", "Status": "Active"}])["Errors"]
        self.assertEqual([each["TagKey"] for each in errors], ["nope"])
        start, _ = last_month()
        ce.start_cost_allocation_tag_backfill(BackfillFrom=f"{start}T00:00:00Z")
        with self.assertRaises(ce.exceptions.BackfillLimitExceededException):
            ce.start_cost_allocation_tag_backfill(BackfillFrom=f"{start}T00:00:00Z")
        self.assertEqual(ce.list_cost_allocation_tag_backfill_history()["BackfillRequests"][0]["BackfillStatus"], "PROCESSING")

    def test_discovery(self):
        member = self.member_keys()
        ec2 = self.aws.client("ec2", member)
        self.assertIn("eu-west-1", [each["RegionName"] for each in ec2.describe_regions()["Regions"]])
        instances = [each for page in ec2.get_paginator("describe_instances").paginate() for each in page["Reservations"]]
        self.assertTrue(all(each["Instances"][0]["InstanceId"].startswith("i-") for each in instances))
        ec2.describe_volumes()
        ec2.describe_snapshots(OwnerIds=["self"])
        self.assertEqual(len(ec2.describe_addresses()["Addresses"]), 2)
        self.aws.client("elbv2", member).describe_load_balancers()
        metrics = self.aws.client("cloudwatch", member).list_metrics(Namespace="AWS/EC2")["Metrics"]
        self.assertTrue(metrics)
        now = rehearsal.CLOCK
        data = self.aws.client("cloudwatch", member).get_metric_data(
            StartTime=now - datetime.timedelta(hours=6), EndTime=now,
            MetricDataQueries=[{"Id": "m1", "MetricStat": {"Metric": metrics[0], "Period": 3600, "Stat": "Average"}}])
        values = data["MetricDataResults"][0]
        self.assertEqual(len(values["Timestamps"]), len(values["Values"]))
        self.assertIsInstance(values["Timestamps"][0], datetime.datetime)

    def member_keys(self):
        """Keys of a linked account, made by its administrator through a role that trusts the payer."""
        state = self.aws.command("state")
        account = next(each["id"] for each in state["accounts"] if each["name"] == "web-prod")
        return self.aws.command("admin", account=account)

    def test_advice_budgets_and_tags(self):
        self.assertEqual(self.aws.client("compute-optimizer").get_enrollment_status()["status"], "Inactive")
        hub = self.aws.client("cost-optimization-hub")
        self.assertEqual(hub.list_enrollment_statuses()["items"][0]["status"], "Inactive")
        self.aws.command("set", cost_optimization_hub=True)
        self.assertTrue(hub.list_recommendations()["items"])
        self.aws.command("set", cost_optimization_hub=False)
        budgets = self.aws.client("budgets").describe_budgets(AccountId=self.aws.payer)["Budgets"]
        self.assertEqual(budgets[0]["BudgetType"], "COST")
        self.aws.client("resourcegroupstaggingapi", self.member_keys()).get_resources()

    def test_faults(self):
        s3, sts, ce = self.aws.client("s3"), self.aws.client("sts"), self.aws.client("ce")
        for kind, client, call, expected in [
            ("throttle", s3, "list_buckets", "SlowDown"),
            ("throttle", ce, "list_cost_allocation_tags", "LimitExceededException"),
            ("throttle", sts, "get_caller_identity", "Throttling"),
            ("server-error", s3, "list_buckets", "InternalError"),
            ("unavailable", sts, "get_caller_identity", "ServiceUnavailable"),
            ("deny", ce, "list_cost_allocation_tags", "AccessDeniedException"),
        ]:
            with self.subTest(kind), self.assertRaises(ClientError) as refused:
                self.aws.command("fault", kind=kind, service=client.meta.service_model.signing_name)
                getattr(client, call)()
            self.assertEqual(code(refused), expected)
            self.aws.command("clear-faults")
        s3.create_bucket(Bucket="faults")
        s3.put_object(Bucket="faults", Key="k", Body=b"x" * 100_000)
        self.aws.command("fault", kind="truncate", service="s3", action="GetObject", count=1)
        with self.assertRaises(Exception) as broken:
            s3.get_object(Bucket="faults", Key="k")["Body"].read()
        self.assertNotIsInstance(broken.exception, ClientError)
        self.assertEqual(len(s3.get_object(Bucket="faults", Key="k")["Body"].read()), 100_000)
        self.aws.command("fault", kind="skew-clock", amount=3600)
        with self.assertRaises(ClientError) as refused:
            sts.get_caller_identity()
        self.assertIn("Signature expired", str(refused.exception))

    def test_service_control_policies_bind_members_only(self):
        member = self.member_keys()
        self.aws.client("ec2", member).describe_regions()
        self.aws.command("scp", target="r-exam", policy={"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "ec2:DescribeAddresses", "Resource": "*"}]})
        with self.assertRaises(ClientError) as refused:
            self.aws.client("ec2", member).describe_addresses()
        self.assertIn("with an explicit deny in a service control policy", str(refused.exception))
        self.aws.client("ec2").describe_addresses()


if __name__ == "__main__":
    unittest.main()
